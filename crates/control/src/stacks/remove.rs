//! Deletion: of a whole stack, and of what an update left behind. Each resource goes in one commit with the record.

use portcullis_engines::cloudformation::DeletionPolicy;
use portcullis_model::resources::cloudformation::{Stack, StackResource};
use portcullis_store::Batch;

use super::{
    prepare::parse,
    record::Retired,
    run::{Act, Run, Stopped},
};
use crate::operation::AwsError;

impl Run {
    /// Deletes every resource, then the stack.
    pub(super) async fn finish_deletion(mut self) -> Result<Stack, AwsError> {
        // What a failed update left to delete belongs to the stack too.
        for retired in std::mem::take(&mut self.record.retired) {
            let gone = self.delete_one(&retired.resource, retired.keep).await;
            if let Err(Stopped::Broken(error)) = gone {
                return Err(error);
            }
        }
        match self
            .delete_resources(|policy| policy != DeletionPolicy::Delete)
            .await
        {
            Ok(()) => {}
            Err(Stopped::Broken(error)) => return Err(error),
            Err(Stopped::Failed(reason)) => {
                self.enter("DELETE_FAILED", Some(&reason));
                self.save(Batch::new()).await?;
                return self.end().await;
            }
        }
        self.finish_gone().await
    }

    /// Ends a stack that has no resources any more: its record moves behind its id.
    pub(super) async fn finish_gone(mut self) -> Result<Stack, AwsError> {
        let exports = self.stacks.export_deletions(&self.record);
        self.record.stack.deletion_time = Some(self.stacks.parts.clock.now());
        self.record.stack.outputs.clear();
        self.record.previous = None;
        self.record.imports.clear();
        self.enter("DELETE_COMPLETE", None);
        self.save(exports).await?;
        self.end().await
    }

    /// Deletes the resources of the stack, last made first; `keeps` says which policy spares one.
    pub(super) async fn delete_resources(
        &mut self,
        keeps: impl Fn(DeletionPolicy) -> bool,
    ) -> Result<(), Stopped> {
        let template = parse(&self.record.stack.template).ok();
        let resources = &self.record.stack.resources;
        let mut order: Vec<String> = self
            .record
            .order
            .iter()
            .filter(|id| resources.contains_key(*id))
            .cloned()
            .collect();
        let unordered: Vec<String> = resources
            .keys()
            .filter(|id| !order.contains(id))
            .cloned()
            .collect();
        order.extend(unordered);
        let mut failed = Vec::new();
        for id in order.iter().rev() {
            let Some(resource) = self.record.stack.resources.get(id).cloned() else {
                continue;
            };
            let policy = template
                .as_ref()
                .and_then(|template| template.resources.get(id))
                .map_or(DeletionPolicy::Delete, |resource| resource.deletion_policy);
            match self.delete_one(&resource, keeps(policy)).await {
                Ok(()) => {}
                Err(Stopped::Failed(_)) => failed.push(id.clone()),
                Err(broken) => return Err(broken),
            }
        }
        if failed.is_empty() {
            return Ok(());
        }
        Err(Stopped::Failed(format!(
            "The following resource(s) failed to delete: [{}].",
            failed.join(", ")
        )))
    }

    /// Deletes one resource and takes it out of the record, together.
    async fn delete_one(&mut self, resource: &StackResource, keep: bool) -> Result<(), Stopped> {
        let id = resource.logical_resource_id.clone();
        let mut told = resource.clone();
        told.timestamp = self.stacks.parts.clock.now();
        told.resource_status_reason = None;
        let is_own = |own: &StackResource| own.physical_resource_id == resource.physical_resource_id;
        let forget = |run: &mut Self| {
            if run.record.stack.resources.get(&id).is_some_and(is_own) {
                run.record.stack.resources.remove(&id);
            }
            run.record
                .retired
                .retain(|other| !(other.resource.logical_resource_id == id && is_own(&other.resource)));
        };
        if resource.physical_resource_id.is_none() || keep {
            if keep {
                told.resource_status = "DELETE_SKIPPED".into();
                self.tell(&told);
            }
            forget(self);
            return self.save_made(Batch::new()).await;
        }
        told.resource_status = "DELETE_IN_PROGRESS".into();
        self.tell(&told);
        self.save(Batch::new()).await?;
        let worked = self
            .work(&id, &resource.resource_type, Act::Delete(resource))
            .await;
        let outcome = match worked {
            Ok((_, batch)) => {
                let before = (self.record.stack.resources.clone(), self.record.retired.clone());
                told.resource_status = "DELETE_COMPLETE".into();
                self.tell(&told);
                forget(self);
                let saved = self.save_made(batch).await;
                if matches!(saved, Err(Stopped::Failed(_))) {
                    (self.record.stack.resources, self.record.retired) = before;
                }
                saved
            }
            Err(stopped) => Err(stopped),
        };
        if let Err(Stopped::Failed(reason)) = &outcome {
            told.resource_status = "DELETE_FAILED".into();
            told.resource_status_reason = Some(reason.clone());
            if let Some(own) = self.record.stack.resources.get_mut(&id).filter(|own| is_own(own)) {
                own.resource_status.clone_from(&told.resource_status);
                own.resource_status_reason
                    .clone_from(&told.resource_status_reason);
            }
            self.tell(&told);
            self.save(Batch::new()).await?;
        }
        outcome
    }

    /// Deletes what an update or its rollback left behind and ends with `status`. As on AWS, what cannot be deleted
    /// is told and left: the stack itself is whole.
    pub(super) async fn clean_up(mut self, status: &str) -> Result<Stack, AwsError> {
        let order = self
            .record
            .previous
            .as_ref()
            .map(|previous| previous.order.clone())
            .unwrap_or_default();
        let own = self.record.order.clone();
        let place = |retired: &Retired| {
            let id = &retired.resource.logical_resource_id;
            let in_new = own.iter().position(|other| other == id);
            order.iter().position(|other| other == id).or(in_new)
        };
        let mut retired = self.record.retired.clone();
        retired.sort_by_key(place);
        for gone in retired.iter().rev() {
            if let Err(Stopped::Broken(error)) = self.delete_one(&gone.resource, gone.keep).await {
                return Err(error);
            }
        }
        self.record.retired.clear();
        self.record.previous = None;
        self.enter(status, None);
        self.save(Batch::new()).await?;
        self.end().await
    }
}
