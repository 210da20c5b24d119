//! From stacks to AWS's wire. What is null is not written.

use portcullis_engines::cloudformation::ParameterDeclaration;
use portcullis_model::{
    Timestamp,
    resources::cloudformation::{Stack, StackEvent, StackResource},
};
use serde_json::{Value, json};

use crate::stacks::{Export, StackRecord};

fn moment(at: Option<Timestamp>) -> Option<String> {
    at.map(Timestamp::iso8601)
}

/// Describes a stack. Its parameters come masked.
pub(super) fn stack(record: &StackRecord) -> Value {
    let stack = &record.stack;
    let parameters: Vec<Value> = stack
        .parameters
        .iter()
        .map(|(key, value)| json!({ "ParameterKey": key, "ParameterValue": value }))
        .collect();
    let outputs: Vec<Value> = stack
        .outputs
        .iter()
        .map(|output| {
            json!({
                "OutputKey": output.output_key,
                "OutputValue": output.output_value,
                "Description": output.description,
                "ExportName": output.export_name,
            })
        })
        .collect();
    let tags: Vec<Value> = stack
        .tags
        .iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    json!({
        "StackId": stack.stack_id,
        "StackName": stack.stack_name,
        "Description": stack.description,
        "Parameters": parameters,
        "CreationTime": stack.creation_time.iso8601(),
        "LastUpdatedTime": moment(stack.last_updated_time),
        "DeletionTime": moment(stack.deletion_time),
        "StackStatus": stack.stack_status,
        "StackStatusReason": stack.stack_status_reason,
        "DisableRollback": stack.disable_rollback,
        "NotificationARNs": [],
        "Capabilities": record.capabilities,
        "Outputs": outputs,
        "Tags": tags,
        "EnableTerminationProtection": false,
        "DriftInformation": { "StackDriftStatus": "NOT_CHECKED" },
        "RollbackConfiguration": {},
    })
}

/// Describes a stack in a listing.
pub(super) fn stack_summary(record: &StackRecord) -> Value {
    let stack = &record.stack;
    json!({
        "StackId": stack.stack_id,
        "StackName": stack.stack_name,
        "TemplateDescription": stack.description,
        "CreationTime": stack.creation_time.iso8601(),
        "LastUpdatedTime": moment(stack.last_updated_time),
        "DeletionTime": moment(stack.deletion_time),
        "StackStatus": stack.stack_status,
        "StackStatusReason": stack.stack_status_reason,
        "DriftInformation": { "StackDriftStatus": "NOT_CHECKED" },
    })
}

/// Describes an event.
pub(super) fn event(event: &StackEvent) -> Value {
    json!({
        "StackId": event.stack_id,
        "EventId": event.event_id,
        "StackName": event.stack_name,
        "LogicalResourceId": event.logical_resource_id,
        "PhysicalResourceId": event.physical_resource_id,
        "ResourceType": event.resource_type,
        "Timestamp": event.timestamp.iso8601(),
        "ResourceStatus": event.resource_status,
        "ResourceStatusReason": event.resource_status_reason,
    })
}

/// Describes a resource.
pub(super) fn resource(stack: &Stack, resource: &StackResource) -> Value {
    json!({
        "StackId": stack.stack_id,
        "StackName": stack.stack_name,
        "LogicalResourceId": resource.logical_resource_id,
        "PhysicalResourceId": resource.physical_resource_id,
        "ResourceType": resource.resource_type,
        "Timestamp": resource.timestamp.iso8601(),
        "ResourceStatus": resource.resource_status,
        "ResourceStatusReason": resource.resource_status_reason,
        "DriftInformation": { "StackResourceDriftStatus": "NOT_CHECKED" },
    })
}

/// Describes a resource by itself; its moment has another name here.
pub(super) fn resource_detail(stack: &Stack, one: &StackResource) -> Value {
    let mut detail = resource(stack, one);
    if let Some(fields) = detail.as_object_mut()
        && let Some(moment) = fields.remove("Timestamp")
    {
        fields.insert("LastUpdatedTimestamp".into(), moment);
    }
    detail
}

/// Describes a resource in a listing.
pub(super) fn resource_summary(resource: &StackResource) -> Value {
    json!({
        "LogicalResourceId": resource.logical_resource_id,
        "PhysicalResourceId": resource.physical_resource_id,
        "ResourceType": resource.resource_type,
        "LastUpdatedTimestamp": resource.timestamp.iso8601(),
        "ResourceStatus": resource.resource_status,
        "ResourceStatusReason": resource.resource_status_reason,
        "DriftInformation": { "StackResourceDriftStatus": "NOT_CHECKED" },
    })
}

/// Describes a parameter of a template.
pub(super) fn parameter((name, declaration): (&String, &ParameterDeclaration)) -> Value {
    json!({
        "ParameterKey": name,
        "DefaultValue": declaration.default.as_ref().map(|default| default.text.as_str()),
        "NoEcho": declaration.no_echo,
        "Description": declaration.description,
    })
}

/// Describes an export.
pub(super) fn export(export: &Export) -> Value {
    json!({
        "ExportingStackId": export.exporting_stack_id,
        "Name": export.name,
        "Value": export.value,
    })
}
