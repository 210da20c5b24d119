//! The work on one stack: its record, its events, and how both are written with what the work made.

use std::sync::Arc;

use portcullis_model::resources::cloudformation::{Stack, StackEvent, StackResource};
use portcullis_store::{Batch, Expect, Put, RecordKey, Store, StoreError, kinds};
use serde_json::Value;

use super::{StackRecord, Stacks, dynamic::Revealed, staged::StagedStore};
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Properties},
};

/// One stack while it is worked on.
pub(super) struct Run {
    pub stacks: Stacks,
    pub record: StackRecord,
    version: Option<u64>,
    /// Events that are written with the next save.
    pending: Vec<StackEvent>,
}

/// The type of a stack in its own events.
const STACK_TYPE: &str = "AWS::CloudFormation::Stack";

/// Why the work on a resource ended.
pub(super) enum Stopped {
    /// The resource could not be made, changed or deleted: the stack goes back.
    Failed(String),
    /// The store failed: nothing more can be written; the next start goes on.
    Broken(AwsError),
}

/// What a resource shall do.
#[derive(Clone, Copy)]
pub(super) enum Act<'a> {
    Create(&'a Revealed),
    /// From what it was made of to these properties.
    Update(&'a StackResource, &'a Revealed),
    Delete(&'a StackResource),
    Restore(&'a StackResource),
    /// Ask whether it serves the whole stack.
    Settle(&'a StackResource),
}

impl From<AwsError> for Stopped {
    fn from(error: AwsError) -> Self {
        Self::Broken(error)
    }
}

impl Run {
    /// Returns the work on `record`, which was read at `version`.
    pub(super) fn of(stacks: Stacks, record: StackRecord, version: Option<u64>) -> Self {
        Self {
            stacks,
            record,
            version,
            pending: Vec::new(),
        }
    }

    /// Gives the stack a status and says so.
    pub(super) fn enter(&mut self, status: &str, reason: Option<&str>) {
        self.record.stack.stack_status = status.to_owned();
        self.record.stack.stack_status_reason = reason.map(str::to_owned);
        let stack = &self.record.stack;
        let own = StackResource {
            logical_resource_id: stack.stack_name.clone(),
            physical_resource_id: Some(stack.stack_id.to_string()),
            resource_type: STACK_TYPE.into(),
            resource_status: status.to_owned(),
            resource_status_reason: reason.map(str::to_owned),
            timestamp: self.stacks.parts.clock.now(),
            properties: Value::Null,
            dynamic_references: std::collections::BTreeMap::new(),
            attributes: std::collections::BTreeMap::new(),
            reference: String::new(),
            depends_on: Vec::new(),
        };
        self.tell(&own);
    }

    /// Adds an event about a resource.
    pub(super) fn tell(&mut self, resource: &StackResource) {
        let stack = &self.record.stack;
        self.pending.push(StackEvent {
            stack_id: stack.stack_id.clone(),
            event_id: self.stacks.parts.entropy.uuid(),
            stack_name: stack.stack_name.clone(),
            logical_resource_id: resource.logical_resource_id.clone(),
            physical_resource_id: resource.physical_resource_id.clone(),
            resource_type: resource.resource_type.clone(),
            timestamp: self.stacks.parts.clock.now(),
            resource_status: resource.resource_status.clone(),
            resource_status_reason: resource.resource_status_reason.clone(),
        });
    }

    /// Writes the record for the first time.
    pub(super) async fn save_new(&mut self) -> Result<(), AwsError> {
        self.save(Batch::new()).await
    }

    /// Writes the record, the events since the last time, and `made`, together.
    pub(super) async fn save(&mut self, made: Batch) -> Result<(), AwsError> {
        Ok(self.write(made).await?)
    }

    /// Writes what a resource did with the record that says so. When somebody else was first, the resource failed.
    pub(super) async fn save_made(&mut self, made: Batch) -> Result<(), Stopped> {
        match self.write(made).await {
            Ok(()) => Ok(()),
            Err(error @ (StoreError::Conflict { .. } | StoreError::Taken { .. })) => {
                Err(Stopped::Failed(error.to_string()))
            }
            Err(error) => Err(Stopped::Broken(error.into())),
        }
    }

    async fn write(&mut self, made: Batch) -> Result<(), StoreError> {
        let parts = &self.stacks.parts;
        if !self.record.stack.stack_status.ends_with("_IN_PROGRESS") {
            // Whoever reads that the stack is done may send requests at once: they must meet what it made.
            parts.published.caught_up(parts.store.sequence().await?).await;
        }
        let failed = |error: AwsError| StoreError::Failed(error.cause.unwrap_or(error.message));
        let mut batch = made;
        let mut number = self.record.events;
        for event in &self.pending {
            number = number.saturating_add(1);
            batch.puts.push(self.event_put(event, number).map_err(failed)?);
        }
        let was = std::mem::replace(&mut self.record.events, number);
        let ends = self.record.is_deleted();
        let expect = match self.version {
            Some(version) if !ends => Expect::Version(version),
            _ => Expect::Absent,
        };
        if ends {
            let live = RecordKey::new(
                &self.stacks.scope,
                kinds::STACK,
                self.record.stack.stack_name.as_str(),
            );
            batch
                .deletes
                .push((live, self.version.map_or(Expect::Anything, Expect::Version)));
        }
        batch
            .puts
            .push(self.stacks.written(&self.record, expect).map_err(failed)?);
        match self.stacks.parts.store.commit(batch).await {
            Ok(committed) => {
                self.version = committed.versions.last().copied();
                let told = std::mem::take(&mut self.pending);
                if let Some(progress) = &self.stacks.progress {
                    told.iter().for_each(|event| progress(event));
                }
                Ok(())
            }
            Err(error) => {
                self.record.events = was;
                self.pending.clear();
                Err(error)
            }
        }
    }

    /// Events are listed newest first, so their ids count down.
    fn event_put(&self, event: &StackEvent, number: u64) -> Result<Put, AwsError> {
        let id = format!("{}/{:020}", event.stack_id, u64::MAX - number);
        Ok(Put {
            key: RecordKey::new(&self.stacks.scope, kinds::STACK_EVENT, id),
            body: serde_json::to_vec(event).map_err(|cause| AwsError::internal(cause.to_string()))?,
            expect: Expect::Absent,
            lookups: Vec::new(),
            expires: None,
        })
    }

    /// Lets a resource work on a store that keeps its writes back, and returns what it answered and wrote.
    pub(super) async fn work(
        &self,
        logical_id: &str,
        resource_type: &str,
        act: Act<'_>,
    ) -> Result<(Made, Batch), Stopped> {
        let resource = crate::resources::find(resource_type).ok_or_else(|| {
            Stopped::Failed(format!("the resource type `{resource_type}` is not supported"))
        })?;
        let parts = &self.stacks.parts;
        let staged = Arc::new(StagedStore::over(Arc::clone(&parts.store)));
        let identity = parts.identity.over(Arc::clone(&staged) as Arc<dyn Store>);
        let maker = Maker {
            store: staged.as_ref(),
            scope: &self.stacks.scope,
            clock: parts.clock.as_ref(),
            entropy: parts.entropy.as_ref(),
            compiler: parts.compiler.as_ref(),
            identity: &identity,
            vault: &parts.vault,
            buckets: parts.buckets.as_ref(),
            functions: &parts.functions,
            certificates: parts.certificates.as_ref(),
            counters: parts.usage.as_ref(),
            stack_name: &self.record.stack.stack_name,
            logical_id,
        };
        let (revealed, old) = match act {
            Act::Update(made, _) | Act::Delete(made) | Act::Restore(made) | Act::Settle(made) => {
                self.stacks.reveal_made(made).await
            }
            Act::Create(_) => (None, None),
        };
        let mut new = None;
        let answer = match act {
            Act::Create(properties) => {
                new = Some(properties);
                resource.create(&maker, Properties::of(&properties.used)).await
            }
            Act::Update(made, properties) => {
                new = Some(properties);
                let made = revealed.as_ref().unwrap_or(made);
                resource
                    .update(&maker, made, Properties::of(&properties.used))
                    .await
            }
            Act::Delete(made) => {
                let gone = resource.delete(&maker, revealed.as_ref().unwrap_or(made));
                gone.await.map(|()| Made::default())
            }
            Act::Settle(made) => {
                let settled = resource.settle(&maker, revealed.as_ref().unwrap_or(made));
                settled.await.map(|()| Made::default())
            }
            Act::Restore(made) => {
                let restored = resource.restore(&maker, revealed.as_ref().unwrap_or(made));
                restored.await.map(|()| Made::default())
            }
        };
        let made = answer.map_err(|error| {
            let cause = error.cause.map(|cause| format!(": {cause}")).unwrap_or_default();
            let reason = format!("{} ({}{cause})", error.message, error.code);
            let known = new.into_iter().chain(&old);
            Stopped::Failed(known.fold(reason, |reason, revealed| revealed.scrub(reason)))
        })?;
        if let Some(new) = new {
            new.refuse_told(&made).map_err(Stopped::Failed)?;
        }
        Ok((made, staged.take()))
    }

    /// Waits until the data plane serves what was written, and returns the stack.
    pub(super) async fn end(self) -> Result<Stack, AwsError> {
        let parts = &self.stacks.parts;
        parts.published.caught_up(parts.store.sequence().await?).await;
        Ok(self.record.stack)
    }
}
