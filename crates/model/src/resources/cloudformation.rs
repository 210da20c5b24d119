//! Stacks: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{StackId, Timestamp};

/// A stack and what it made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Stack {
    pub stack_id: StackId,
    pub stack_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `CREATE_COMPLETE`, `UPDATE_IN_PROGRESS`, …
    pub stack_status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_status_reason: Option<String>,
    pub creation_time: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated_time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_time: Option<Timestamp>,
    /// As given; a `NoEcho` value is sealed, never shown.
    pub parameters: BTreeMap<String, String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    #[serde(default)]
    pub disable_rollback: bool,
    pub template: String,
    /// By logical id.
    pub resources: BTreeMap<String, StackResource>,
    pub outputs: Vec<StackOutput>,
}

/// One resource of a stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StackResource {
    pub logical_resource_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical_resource_id: Option<String>,
    pub resource_type: String,
    pub resource_status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_status_reason: Option<String>,
    pub timestamp: Timestamp,
    /// The properties it was made from, evaluated; dynamic references stand as written.
    pub properties: Value,
    /// Which version of which secret each dynamic reference gave: `{arn} {version id}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dynamic_references: BTreeMap<String, String>,
    /// What `Fn::GetAtt` returns.
    pub attributes: BTreeMap<String, Value>,
    /// What `Ref` returns.
    pub reference: String,
    /// What it depended on, so that it can be deleted in the opposite order.
    #[serde(default)]
    pub depends_on: Vec<String>,
}

/// One output of a stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StackOutput {
    pub output_key: String,
    pub output_value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export_name: Option<String>,
}

/// One event of a stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StackEvent {
    pub stack_id: StackId,
    pub event_id: String,
    pub stack_name: String,
    pub logical_resource_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical_resource_id: Option<String>,
    pub resource_type: String,
    pub timestamp: Timestamp,
    pub resource_status: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_status_reason: Option<String>,
}
