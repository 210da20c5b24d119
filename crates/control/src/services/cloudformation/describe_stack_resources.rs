//! `DescribeStackResources` describes the resources of a stack.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResources.html>

use serde_json::{Value, json};

use super::{describe, required, stack_arn, stacks};
use crate::operation::{Access, AwsError, Call, Operation};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DescribeStackResources",
    route: None,
    access: Access::Signed {
        action: "cloudformation:DescribeStackResources",
        resource: stack_arn,
    },
    members: &["StackName", "LogicalResourceId", "PhysicalResourceId"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    if call.text("PhysicalResourceId").is_some() {
        return Err(AwsError::validation(
            "`PhysicalResourceId` is not supported: name the stack",
        ));
    }
    let record = stacks(call).record(required(call, "StackName")?).await?;
    let wanted = call.text("LogicalResourceId");
    let resources = record.stack.resources.values();
    let described: Vec<Value> = resources
        .filter(|resource| wanted.is_none_or(|id| resource.logical_resource_id == id))
        .map(|resource| describe::resource(&record.stack, resource))
        .collect();
    Ok(json!({ "StackResources": described }))
}
