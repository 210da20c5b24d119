//! `DescribeStackResource` describes one resource of a stack.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResource.html>

use serde_json::{Value, json};

use super::{describe, required, stack_arn, stacks};
use crate::operation::{Access, AwsError, Call, Operation};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DescribeStackResource",
    route: None,
    access: Access::Signed {
        action: "cloudformation:DescribeStackResource",
        resource: stack_arn,
    },
    members: &["StackName", "LogicalResourceId"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (name, id) = (required(call, "StackName")?, required(call, "LogicalResourceId")?);
    let record = stacks(call).record(name).await?;
    let Some(resource) = record.stack.resources.get(id) else {
        return Err(AwsError::validation(format!(
            "Resource {id} does not exist for stack {name}"
        )));
    };
    Ok(json!({ "StackResourceDetail": describe::resource_detail(&record.stack, resource) }))
}
