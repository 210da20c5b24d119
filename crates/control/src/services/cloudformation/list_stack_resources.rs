//! `ListStackResources` lists the resources of a stack, paged.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackResources.html>

use serde_json::{Value, json};

use super::{describe, numbered, required, stack_arn, stacks};
use crate::operation::{Access, AwsError, Call, Operation};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "ListStackResources",
    route: None,
    access: Access::Signed {
        action: "cloudformation:ListStackResources",
        resource: stack_arn,
    },
    members: &["StackName", "NextToken"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let record = stacks(call).record(required(call, "StackName")?).await?;
    let all: Vec<_> = record.stack.resources.values().cloned().collect();
    let (page, next) = numbered(call, &all)?;
    let summaries: Vec<Value> = page.iter().map(describe::resource_summary).collect();
    Ok(json!({ "StackResourceSummaries": summaries, "NextToken": next }))
}
