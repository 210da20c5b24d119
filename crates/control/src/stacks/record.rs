//! A stack's record: the stack, what an update needs to go back, what is left to delete. Sealed whole, because
//! properties and attributes may hold secrets.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_engines::cloudformation::PseudoParameters;
use portcullis_model::{
    StackId, Timestamp,
    resources::cloudformation::{Stack, StackOutput, StackResource},
};
use portcullis_store::{Expect, Put, Record, RecordKey, kinds};
use serde::{Deserialize, Serialize};

use super::{StackRequest, Stacks, prepare::Prepared};
use crate::operation::AwsError;

/// What becomes of a stack that cannot be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnFailure {
    DoNothing,
    #[default]
    Rollback,
    Delete,
}

/// A stack and what is needed to bring it to an end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StackRecord {
    pub stack: Stack,
    pub on_failure: OnFailure,
    pub capabilities: Vec<String>,
    /// Logical ids in the order in which they were made.
    pub order: Vec<String>,
    /// Names of the exports that the stack's values came from.
    pub imports: BTreeSet<String>,
    /// What the stack was before the update that is under way.
    pub previous: Option<Box<Snapshot>>,
    /// What is to be deleted when the present work ends.
    pub retired: Vec<Retired>,
    /// Events written so far.
    pub events: u64,
}

/// A stack before an update.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    pub template: String,
    pub description: Option<String>,
    pub parameters: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    pub resources: BTreeMap<String, StackResource>,
    pub outputs: Vec<StackOutput>,
    pub order: Vec<String>,
    pub imports: BTreeSet<String>,
}

/// A resource that its stack no longer has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Retired {
    pub resource: StackResource,
    /// Its deletion policy keeps it.
    pub keep: bool,
}

/// What stands in the store: names in clear, the rest sealed.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    stack_id: StackId,
    stack_status: String,
    sealed: String,
}

impl Snapshot {
    /// Returns what `record` is now.
    pub(super) fn of(record: &StackRecord) -> Box<Self> {
        let stack = &record.stack;
        Box::new(Self {
            template: stack.template.clone(),
            description: stack.description.clone(),
            parameters: stack.parameters.clone(),
            tags: stack.tags.clone(),
            resources: stack.resources.clone(),
            outputs: stack.outputs.clone(),
            order: record.order.clone(),
            imports: record.imports.clone(),
        })
    }
}

impl StackRecord {
    pub(super) fn new(
        stack_id: StackId,
        request: &StackRequest,
        prepared: &Prepared,
        now: Timestamp,
    ) -> Self {
        Self {
            stack: Stack {
                stack_id,
                stack_name: request.stack_name.clone(),
                description: prepared.template.description.clone(),
                stack_status: String::new(),
                stack_status_reason: None,
                creation_time: now,
                last_updated_time: None,
                deletion_time: None,
                parameters: prepared.given(),
                tags: request.tags.clone().unwrap_or_default(),
                disable_rollback: request.on_failure == OnFailure::DoNothing,
                template: request.template.clone().unwrap_or_default(),
                resources: BTreeMap::new(),
                outputs: Vec::new(),
            },
            on_failure: request.on_failure,
            capabilities: request.capabilities.clone(),
            order: Vec::new(),
            imports: BTreeSet::new(),
            previous: None,
            retired: Vec::new(),
            events: 0,
        }
    }

    /// Tells whether any resource was made of secrets, which change without the template.
    pub(super) fn has_dynamic_references(&self) -> bool {
        let mut resources = self.stack.resources.values();
        resources.any(|resource| !resource.dynamic_references.is_empty())
    }

    /// Tells whether the stack is gone.
    pub fn is_deleted(&self) -> bool {
        self.stack.stack_status == "DELETE_COMPLETE"
    }
}

/// Tells whether work on a stack has not ended.
pub(super) fn is_in_progress(status: &str) -> bool {
    status.ends_with("_IN_PROGRESS")
}

/// Checks a stack's name as AWS does.
pub(super) fn check_name(name: &str) -> Result<(), AwsError> {
    let fits = (1..=128).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if fits {
        return Ok(());
    }
    Err(AwsError::validation(format!(
        "1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
    )))
}

fn purpose(id: &StackId) -> String {
    format!("cloudformation/stack/{id}")
}

impl Stacks {
    pub(super) fn pseudo(&self, id: &StackId, name: &str) -> PseudoParameters {
        PseudoParameters {
            region: self.scope.region.to_string(),
            account_id: self.scope.account.to_string(),
            stack_name: name.to_owned(),
            stack_id: id.to_string(),
            notification_arns: Vec::new(),
        }
    }

    /// Returns the key of a record: the name while the stack lives, its id afterwards.
    pub(super) fn key_of(&self, record: &StackRecord) -> RecordKey {
        let stack = &record.stack;
        let id = if record.is_deleted() {
            stack.stack_id.as_str()
        } else {
            &stack.stack_name
        };
        RecordKey::new(&self.scope, kinds::STACK, id)
    }

    /// Seals a record.
    pub(super) fn written(&self, record: &StackRecord, expect: Expect) -> Result<Put, AwsError> {
        let id = &record.stack.stack_id;
        let sealed = self.parts.vault.seal_json(&purpose(id), record);
        let written = Written {
            stack_id: id.clone(),
            stack_status: record.stack.stack_status.clone(),
            sealed: sealed.map_err(|error| AwsError::internal(error.to_string()))?,
        };
        Ok(Put {
            key: self.key_of(record),
            body: serde_json::to_vec(&written).map_err(|cause| AwsError::internal(cause.to_string()))?,
            expect,
            lookups: Vec::new(),
            expires: None,
        })
    }

    /// Opens a record.
    pub(super) fn open(&self, record: &Record) -> Result<(StackRecord, u64), AwsError> {
        let broken = |cause: String| AwsError::internal(format!("`{}` cannot be read: {cause}", record.key));
        let written: Written =
            serde_json::from_slice(&record.body).map_err(|cause| broken(cause.to_string()))?;
        let opened = self
            .parts
            .vault
            .unseal_json(&purpose(&written.stack_id), &written.sealed);
        Ok((opened.map_err(|error| broken(error.to_string()))?, record.version))
    }

    /// Returns a stack that is not deleted, by name or id.
    pub(super) async fn live(&self, name_or_id: &str) -> Result<Option<(StackRecord, u64)>, AwsError> {
        let name = name_or_id
            .strip_prefix("arn:")
            .and_then(|_| name_or_id.split('/').nth(1))
            .unwrap_or(name_or_id);
        let key = RecordKey::new(&self.scope, kinds::STACK, name);
        let Some(found) = self.parts.store.read(&key).await? else {
            return Ok(None);
        };
        let (record, version) = self.open(&found)?;
        let is_meant = name == name_or_id || record.stack.stack_id.as_str() == name_or_id;
        Ok(is_meant.then_some((record, version)))
    }

    /// Returns a stack that is not deleted, or AWS's error.
    pub(super) async fn living(&self, name_or_id: &str) -> Result<(StackRecord, u64), AwsError> {
        let found = self.live(name_or_id).await?;
        found.ok_or_else(|| AwsError::validation(format!("Stack [{name_or_id}] does not exist")))
    }
}
