//! Back: what a failed creation made is deleted, what a failed update changed is put back. Every step is repeatable,
//! so that a crash in the middle goes on where the record says.

use portcullis_engines::cloudformation::{DeletionPolicy, Difference, compare};
use portcullis_model::resources::cloudformation::{Stack, StackResource};
use portcullis_store::Batch;

use super::{
    apply::{coerced, fill},
    dynamic::marked,
    record::{OnFailure, Retired, Snapshot},
    run::{Act, Run, Stopped},
};
use crate::{operation::AwsError, resources};

impl Run {
    /// Ends the work that was under way when the program died.
    pub(super) async fn resume(mut self) -> Result<Stack, AwsError> {
        const REASON: &str = "The server stopped while the stack was being worked on.";
        match self.record.stack.stack_status.as_str() {
            "CREATE_IN_PROGRESS" => {
                self.record.on_failure = OnFailure::Rollback;
                self.go_back(REASON).await
            }
            "UPDATE_IN_PROGRESS" => {
                self.record.on_failure = OnFailure::Rollback;
                self.go_back(REASON).await
            }
            "ROLLBACK_IN_PROGRESS" => self.undo_creation().await,
            "UPDATE_ROLLBACK_IN_PROGRESS" => self.undo_update().await,
            "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS" => self.clean_up("UPDATE_ROLLBACK_COMPLETE").await,
            "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" => self.clean_up("UPDATE_COMPLETE").await,
            "DELETE_IN_PROGRESS" => self.finish_deletion().await,
            _ => self.end().await,
        }
    }

    /// Goes back after a failure, as the caller of the operation chose.
    pub(super) async fn go_back(mut self, reason: &str) -> Result<Stack, AwsError> {
        let updates = self.record.previous.is_some();
        if self.record.on_failure == OnFailure::DoNothing {
            self.enter(
                if updates { "UPDATE_FAILED" } else { "CREATE_FAILED" },
                Some(reason),
            );
            self.save(Batch::new()).await?;
            return self.end().await;
        }
        if updates {
            self.enter("UPDATE_ROLLBACK_IN_PROGRESS", Some(reason));
            self.swap_back();
            self.save(Batch::new()).await?;
            return self.undo_update().await;
        }
        if self.record.on_failure == OnFailure::Delete {
            self.enter("DELETE_IN_PROGRESS", Some(reason));
            self.save(Batch::new()).await?;
            return self.finish_deletion().await;
        }
        let said = format!("{reason} Rollback requested by user.");
        self.enter("ROLLBACK_IN_PROGRESS", Some(&said));
        self.save(Batch::new()).await?;
        self.undo_creation().await
    }

    async fn undo_creation(mut self) -> Result<Stack, AwsError> {
        match self
            .delete_resources(|policy| policy == DeletionPolicy::Retain)
            .await
        {
            Ok(()) => self.enter("ROLLBACK_COMPLETE", None),
            Err(Stopped::Failed(reason)) => self.enter("ROLLBACK_FAILED", Some(&reason)),
            Err(Stopped::Broken(error)) => return Err(error),
        }
        self.record.stack.outputs.clear();
        self.record.imports.clear();
        self.save(Batch::new()).await?;
        self.end().await
    }

    /// Puts the old resources back into the record where new ones took their place, and the new ones aside. What
    /// was changed in place stays as it is until [`Self::undo_update`] changes it back.
    fn swap_back(&mut self) {
        let Some(previous) = self.record.previous.clone() else {
            return;
        };
        let Snapshot {
            template,
            description,
            parameters,
            tags,
            resources: mut old,
            outputs,
            order,
            imports,
        } = *previous;
        let mut aside = Vec::new();
        for (id, resource) in std::mem::take(&mut self.record.stack.resources) {
            let stays = old
                .get(&id)
                .is_some_and(|before| before.physical_resource_id == resource.physical_resource_id);
            if stays {
                old.insert(id, resource);
            } else if resource.physical_resource_id.is_some() {
                aside.push(Retired {
                    resource,
                    keep: false,
                });
            }
        }
        // The order in which the new ones were made tells the order in which they go.
        let made = &self.record.order;
        aside.sort_by_key(|retired| {
            made.iter()
                .position(|id| *id == retired.resource.logical_resource_id)
        });
        self.record.stack.resources = old;
        self.record.retired = aside;
        let stack = &mut self.record.stack;
        (stack.template, stack.description, stack.parameters) = (template, description, parameters);
        (stack.tags, stack.outputs) = (tags, outputs);
        (self.record.order, self.record.imports) = (order, imports);
    }

    async fn undo_update(mut self) -> Result<Stack, AwsError> {
        let Some(previous) = self.record.previous.clone() else {
            return self.end().await;
        };
        for id in &previous.order {
            let (Some(before), Some(now)) = (
                previous.resources.get(id).cloned(),
                self.record.stack.resources.get(id).cloned(),
            ) else {
                continue;
            };
            match self.put_back(&before, &now).await {
                Ok(()) => {}
                Err(Stopped::Broken(error)) => return Err(error),
                Err(Stopped::Failed(reason)) => {
                    self.enter("UPDATE_ROLLBACK_FAILED", Some(&reason));
                    self.save(Batch::new()).await?;
                    return self.end().await;
                }
            }
        }
        self.enter("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", None);
        self.save(Batch::new()).await?;
        self.clean_up("UPDATE_ROLLBACK_COMPLETE").await
    }

    /// Gives one resource its old properties again.
    async fn put_back(&mut self, before: &StackResource, now: &StackResource) -> Result<(), Stopped> {
        let id = before.logical_resource_id.as_str();
        let schema = resources::schema(&before.resource_type);
        let differs = schema.is_some_and(|schema| {
            let present = marked(&now.properties, &now.dynamic_references);
            let former = marked(&before.properties, &before.dynamic_references);
            compare(schema, &present, &former) != Difference::NoChange
        });
        if !differs {
            let (_, batch) = self.work(id, &before.resource_type, Act::Restore(before)).await?;
            self.record.stack.resources.insert(id.to_owned(), before.clone());
            return if batch.is_empty() {
                Ok(())
            } else {
                self.save_made(batch).await
            };
        }
        let mut resource = now.clone();
        resource.resource_status = "UPDATE_IN_PROGRESS".into();
        self.tell(&resource);
        self.save(Batch::new()).await?;
        let former = self
            .stacks
            .reveal(before.properties.clone(), &before.dynamic_references)
            .await;
        let former = former
            .and_then(|former| coerced(&before.resource_type, former))
            .map_err(Stopped::Failed)?;
        let act = Act::Update(now, &former);
        let (made, batch) = self.work(id, &before.resource_type, act).await?;
        let at = self.stacks.parts.clock.now();
        fill(&mut resource, made, &former, "UPDATE_COMPLETE", at);
        resource.depends_on.clone_from(&before.depends_on);
        self.tell(&resource);
        self.record.stack.resources.insert(id.to_owned(), resource);
        match self.save_made(batch).await {
            Err(Stopped::Failed(reason)) => Err(Stopped::Failed(former.scrub(reason))),
            other => other,
        }
    }
}
