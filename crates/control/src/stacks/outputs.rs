//! Outputs and exports: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html>
//!
//! An export's record names its stack; its value stands sealed. What another stack imports can neither change nor go.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use portcullis_engines::cloudformation::{evaluate, find_dynamic_references};
use portcullis_model::{StackId, resources::cloudformation::StackOutput};
use portcullis_store::{Batch, Expect, Page, RecordKey, kinds};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    StackRecord, Stacks,
    apply::{environment, said},
    prepare::Prepared,
    references::Known,
    run::{Run, Stopped},
};
use crate::operation::AwsError;

/// An export as it stands in the store.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WrittenExport {
    pub exporting_stack_id: StackId,
    pub name: String,
    sealed_value: String,
}

type Outputs = (Vec<StackOutput>, BTreeSet<String>);

impl Run {
    /// Evaluates the outputs; returns the exports that they came from too.
    pub(super) fn outputs_of(
        &self,
        prepared: &Prepared,
        exports: &BTreeMap<String, String>,
    ) -> Result<Outputs, String> {
        let known = Known {
            resources: &self.record.stack.resources,
            exports,
            imported: RefCell::default(),
        };
        let environment = environment(prepared);
        let mut outputs = Vec::new();
        for name in &prepared.plan.outputs {
            let Some(template) = prepared.template.outputs.get(name) else {
                continue;
            };
            let text = |node, path: String| match evaluate(node, &path, &environment, &known) {
                Ok(value) if !find_dynamic_references(&value).is_empty() => Err(format!(
                    "{path}: dynamic references are not allowed in outputs, which everybody may read"
                )),
                Ok(Value::String(text)) => Ok(text),
                Ok(Value::Number(number)) => Ok(number.to_string()),
                Ok(Value::Bool(boolean)) => Ok(boolean.to_string()),
                Ok(_) => Err(format!("{path}: must be a text")),
                Err(problems) => Err(said(&problems)),
            };
            let export_name = template
                .export_name
                .as_ref()
                .map(|node| text(node, format!("Outputs/{name}/Export/Name")))
                .transpose()?;
            outputs.push(StackOutput {
                output_key: name.clone(),
                output_value: text(&template.value, format!("Outputs/{name}/Value"))?,
                description: template.description.clone(),
                export_name,
            });
        }
        Ok((outputs, known.imported.into_inner()))
    }

    /// Writes the outputs and exports with the status that says all is made.
    pub(super) async fn complete(
        &mut self,
        prepared: &Prepared,
        exports: &BTreeMap<String, String>,
    ) -> Result<(), Stopped> {
        let (outputs, imported) = self.outputs_of(prepared, exports).map_err(Stopped::Failed)?;
        let batch = self.export_changes(&outputs).await?;
        let before = (
            self.record.stack.outputs.clone(),
            self.record.stack.stack_status.clone(),
        );
        self.record.stack.outputs = outputs;
        self.record.imports.extend(imported);
        let status = match self.record.previous {
            Some(_) => "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            None => "CREATE_COMPLETE",
        };
        self.enter(status, None);
        let saved = self.save_made(batch).await;
        if matches!(saved, Err(Stopped::Failed(_))) {
            (self.record.stack.outputs, self.record.stack.stack_status) = before;
        }
        saved
    }

    /// Returns the writes that turn the exports of the present outputs into those of `outputs`.
    async fn export_changes(&self, outputs: &[StackOutput]) -> Result<Batch, Stopped> {
        let own = &self.record.stack.stack_id;
        let old = exported(&self.record.stack.outputs);
        let new = exported(outputs);
        let mut batch = Batch::new();
        for (name, value) in &old {
            if new.get(name) == Some(value) {
                continue;
            }
            if let Some(user) = self.stacks.importers(name).await?.first() {
                let verb = if new.contains_key(name) {
                    "updated"
                } else {
                    "deleted"
                };
                return Err(Stopped::Failed(format!(
                    "Export {name} cannot be {verb} as it is in use by {user}"
                )));
            }
            if !new.contains_key(name) {
                batch = batch.delete(self.stacks.export_key(name), Expect::Anything);
            }
        }
        for (name, value) in &new {
            let key = self.stacks.export_key(name);
            let present = self.stacks.export(name).await?;
            if let Some(other) = present.filter(|(export, _)| export.exporting_stack_id != *own) {
                let stack = &other.0.exporting_stack_id;
                return Err(Stopped::Failed(format!(
                    "Export with name {name} is already exported by stack {stack}"
                )));
            }
            // Two stacks that export one name at once: the second finds the record there.
            let expect = if old.contains_key(name) {
                Expect::Anything
            } else {
                Expect::Absent
            };
            batch = batch.put(key, self.stacks.written_export(own, name, value)?, expect);
        }
        Ok(batch)
    }
}

fn exported(outputs: &[StackOutput]) -> BTreeMap<String, String> {
    let named = |output: &StackOutput| Some((output.export_name.clone()?, output.output_value.clone()));
    outputs.iter().filter_map(named).collect()
}

fn purpose(name: &str) -> String {
    format!("cloudformation/export/{name}")
}

impl Stacks {
    pub(super) fn export_key(&self, name: &str) -> RecordKey {
        RecordKey::new(&self.scope, kinds::STACK_EXPORT, name)
    }

    fn written_export(&self, stack: &StackId, name: &str, value: &str) -> Result<Vec<u8>, AwsError> {
        let sealed = self.parts.vault.seal(&purpose(name), value.as_bytes());
        let export = WrittenExport {
            exporting_stack_id: stack.clone(),
            name: name.to_owned(),
            sealed_value: sealed.map_err(|error| AwsError::internal(error.to_string()))?,
        };
        serde_json::to_vec(&export).map_err(|cause| AwsError::internal(cause.to_string()))
    }

    fn open_export(&self, body: &[u8]) -> Result<(WrittenExport, String), AwsError> {
        let export: WrittenExport =
            serde_json::from_slice(body).map_err(|cause| AwsError::internal(cause.to_string()))?;
        let value = self
            .parts
            .vault
            .unseal_text(&purpose(&export.name), &export.sealed_value);
        let value = value.map_err(|error| AwsError::internal(error.to_string()))?;
        Ok((export, value.expose().to_owned()))
    }

    pub(super) async fn export(&self, name: &str) -> Result<Option<(WrittenExport, String)>, AwsError> {
        let found = self.parts.store.read(&self.export_key(name)).await?;
        found.map(|record| self.open_export(&record.body)).transpose()
    }

    /// Returns a page of the exports.
    pub(super) async fn exports(&self, page: Page) -> Result<Vec<(WrittenExport, String)>, AwsError> {
        let records = self
            .parts
            .store
            .list(&self.scope, kinds::STACK_EXPORT, page)
            .await?;
        records
            .iter()
            .map(|record| self.open_export(&record.body))
            .collect()
    }

    /// Returns the value of every export by name.
    pub(super) async fn export_values(&self) -> Result<BTreeMap<String, String>, AwsError> {
        let exports = self.exports(Page::all("")).await?;
        Ok(exports
            .into_iter()
            .map(|(export, value)| (export.name, value))
            .collect())
    }

    /// Returns the names of the stacks that import an export, those at work included.
    pub(super) async fn importers(&self, name: &str) -> Result<Vec<String>, AwsError> {
        let mut importers = Vec::new();
        for record in self
            .parts
            .store
            .list(&self.scope, kinds::STACK, Page::all(""))
            .await?
        {
            let (record, _) = self.open(&record)?;
            let before = record
                .previous
                .as_ref()
                .is_some_and(|previous| previous.imports.contains(name));
            if !record.is_deleted() && (before || record.imports.contains(name)) {
                importers.push(record.stack.stack_name);
            }
        }
        Ok(importers)
    }

    /// Refuses to delete a stack whose export another one imports.
    pub(super) async fn refuse_used_exports(&self, record: &StackRecord) -> Result<(), AwsError> {
        for name in exported(&record.stack.outputs).keys() {
            let importers = self.importers(name).await?;
            if let Some(user) = importers.iter().find(|user| **user != record.stack.stack_name) {
                return Err(AwsError::validation(format!(
                    "Export {name} cannot be deleted as it is in use by {user}"
                )));
            }
        }
        Ok(())
    }

    /// Returns the deletions of a stack's exports.
    pub(super) fn export_deletions(&self, record: &StackRecord) -> Batch {
        exported(&record.stack.outputs)
            .keys()
            .fold(Batch::new(), |batch, name| {
                batch.delete(self.export_key(name), Expect::Anything)
            })
    }
}
