//! Stacks: what a template made, and how it changes: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/>
//!
//! A stack's record is written before work begins and with every resource that is made, in one commit: whatever
//! moment the program dies at, the record names all that exists, and [`Stacks::recover`] rolls back.

pub mod staged;
mod apply;
mod check;
mod describe;
mod dynamic;
mod outputs;
mod prepare;
mod record;
mod references;
mod remove;
mod roll_back;
mod run;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use portcullis_model::{
    Scope, StackId,
    resources::cloudformation::{Stack, StackEvent},
};
use portcullis_store::kinds;

pub use check::check;
pub use describe::{Export, Filter};
pub use record::{OnFailure, StackRecord};

use crate::{ControlParts, operation::AwsError};
use prepare::prepare;
use record::{Snapshot, is_in_progress};
use run::Run;

/// Hears of every event of a stack as it is written.
pub type Progress = Arc<dyn Fn(&StackEvent) + Send + Sync>;

/// The stacks of one account and region.
#[derive(Clone)]
pub struct Stacks {
    parts: ControlParts,
    scope: Scope,
    progress: Option<Progress>,
}

/// What the template of a stack shall be.
#[derive(Clone, Debug, Default)]
pub struct StackRequest {
    pub stack_name: String,
    /// None: the template that the stack has.
    pub template: Option<String>,
    pub parameters: BTreeMap<String, String>,
    /// Parameters that keep the value they have.
    pub previous_parameters: Vec<String>,
    /// None keeps the tags.
    pub tags: Option<BTreeMap<String, String>>,
    pub capabilities: Vec<String>,
    pub on_failure: OnFailure,
}

impl Stacks {
    /// Returns the stacks of `scope`.
    pub fn new(parts: ControlParts, scope: Scope) -> Self {
        Self {
            parts,
            scope,
            progress: None,
        }
    }

    /// Tells `progress` of every event from now on.
    #[must_use]
    pub fn with_progress(mut self, progress: Progress) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Begins to make a stack: its record stands when this returns; [`Started::finish`] makes the rest.
    pub async fn create(&self, request: StackRequest) -> Result<Started, AwsError> {
        let name = request.stack_name.clone();
        record::check_name(&name)?;
        if self.live(&name).await?.is_some() {
            return Err(already_exists(&name));
        }
        let id = StackId::from(format!(
            "arn:aws:cloudformation:{}:{}:stack/{name}/{}",
            self.scope.region,
            self.scope.account,
            self.parts.entropy.uuid()
        ));
        let template = request.template.clone().unwrap_or_default();
        let prepared = prepare(&template, &request.parameters, &self.pseudo(&id, &name))?;
        let record = StackRecord::new(id, &request, &prepared, self.parts.clock.now());
        let mut run = Run::of(self.clone(), record, None);
        run.enter("CREATE_IN_PROGRESS", Some("User Initiated"));
        match run.save_new().await {
            Err(error) if error.code == "ConcurrentModificationException" => Err(already_exists(&name)),
            Err(error) => Err(error),
            Ok(()) => Ok(Started(run)),
        }
    }

    /// Begins to change a stack.
    pub async fn update(&self, request: StackRequest) -> Result<Started, AwsError> {
        let (mut record, version) = self.living(&request.stack_name).await?;
        let status = record.stack.stack_status.clone();
        if !["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"].contains(&status.as_str()) {
            return Err(AwsError::validation(format!(
                "Stack:{} is in {status} state and can not be updated.",
                record.stack.stack_id
            )));
        }
        let mut given = request.parameters.clone();
        for name in &request.previous_parameters {
            match record.stack.parameters.get(name) {
                Some(value) => drop(given.insert(name.clone(), value.clone())),
                None => {
                    return Err(AwsError::validation(format!(
                        "Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for a parameter key not in the previous template"
                    )));
                }
            }
        }
        let template = request
            .template
            .clone()
            .unwrap_or_else(|| record.stack.template.clone());
        let pseudo = self.pseudo(&record.stack.stack_id, &record.stack.stack_name);
        let prepared = prepare(&template, &given, &pseudo)?;
        let tags = request.tags.clone().unwrap_or_else(|| record.stack.tags.clone());
        let parameters = prepared.given();
        if template == record.stack.template
            && parameters == record.stack.parameters
            && tags == record.stack.tags
            && !record.has_dynamic_references()
        {
            return Err(AwsError::validation("No updates are to be performed."));
        }
        record.previous = Some(Snapshot::of(&record));
        record.on_failure = request.on_failure;
        record.stack.template = template;
        record.stack.parameters = parameters;
        record.stack.tags = tags;
        record.stack.description = prepared.template.description.clone();
        record.stack.last_updated_time = Some(self.parts.clock.now());
        let mut run = Run::of(self.clone(), record, Some(version));
        if !run.would_change(&prepared).await? {
            return Err(AwsError::validation("No updates are to be performed."));
        }
        run.enter("UPDATE_IN_PROGRESS", Some("User Initiated"));
        run.save(portcullis_store::Batch::new()).await?;
        Ok(Started(run))
    }

    /// Begins to delete a stack; none when there is no such stack, which is fine.
    pub async fn delete(&self, name_or_id: &str) -> Result<Option<Started>, AwsError> {
        let Some((record, version)) = self.live(name_or_id).await? else {
            return Ok(None);
        };
        if is_in_progress(&record.stack.stack_status) && record.stack.stack_status != "DELETE_IN_PROGRESS" {
            return Err(AwsError::validation(format!(
                "Stack:{} is in {} state and can not be deleted.",
                record.stack.stack_id, record.stack.stack_status
            )));
        }
        if record.stack.stack_status == "DELETE_IN_PROGRESS" {
            return Ok(None);
        }
        self.refuse_used_exports(&record).await?;
        let mut run = Run::of(self.clone(), record, Some(version));
        run.enter("DELETE_IN_PROGRESS", Some("User Initiated"));
        run.save(portcullis_store::Batch::new()).await?;
        Ok(Some(Started(run)))
    }

    /// Makes or changes a stack and waits for the end: what `up` does with each template. Returns the stack, whatever
    /// became of it.
    pub async fn deploy(&self, request: StackRequest) -> Result<Stack, AwsError> {
        let name = request.stack_name.clone();
        let existing = self.live(&name).await?;
        let rolled_back = existing.as_ref().is_some_and(|(record, _)| {
            ["ROLLBACK_COMPLETE", "CREATE_FAILED"].contains(&record.stack.stack_status.as_str())
        });
        if rolled_back && let Some(started) = self.delete(&name).await? {
            started.finish().await?;
        }
        let started = if existing.is_none() || rolled_back {
            self.create(request).await?
        } else {
            match self.update(request).await {
                Ok(started) => started,
                Err(error) if error.message == "No updates are to be performed." => {
                    return self.stack(&name).await;
                }
                Err(error) => return Err(error),
            }
        };
        started.finish().await
    }

    /// Ends what a crash interrupted, in every account: half-made stacks are rolled back, deletions completed.
    pub async fn recover(parts: &ControlParts, progress: Option<Progress>) -> Result<Vec<Stack>, AwsError> {
        let mut recovered = Vec::new();
        for found in parts.store.list_everywhere(kinds::STACK).await? {
            let stacks = Self {
                parts: parts.clone(),
                scope: found.key.scope.clone(),
                progress: progress.clone(),
            };
            let (record, version) = stacks.open(&found)?;
            if is_in_progress(&record.stack.stack_status) {
                let run = Run::of(stacks, record, Some(version));
                recovered.push(run.resume().await?);
            }
        }
        Ok(recovered)
    }
}

/// Ends what a crash interrupted; called once at start.
pub async fn recover(control: &crate::Control) -> Result<Vec<Stack>, AwsError> {
    Stacks::recover(control.parts(), None).await
}

/// A stack whose work has begun.
pub struct Started(Run);

impl Started {
    /// Returns the stack's id.
    pub fn stack_id(&self) -> StackId {
        self.0.record.stack.stack_id.clone()
    }

    /// Does the work and returns the stack as it is at the end, whatever became of it.
    pub async fn finish(self) -> Result<Stack, AwsError> {
        self.0.finish().await
    }

    /// Does the work in a task of its own. If the store fails, the stack stays in progress until the next start.
    pub fn spawn(self) -> StackId {
        let id = self.stack_id();
        let stack = id.clone();
        tokio::spawn(async move {
            if let Err(error) = self.finish().await {
                tracing::error!(stack = %stack, code = error.code, cause = error.cause, "the stack was left in progress");
            }
        });
        id
    }
}

fn already_exists(name: &str) -> AwsError {
    AwsError::new(
        "AlreadyExistsException",
        400,
        format!("Stack [{name}] already exists"),
    )
}
