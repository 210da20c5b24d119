//! `DescribeStackEvents` lists the events of a stack, newest first, paged.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html>

use serde_json::{Value, json};

use super::{PAGE_ITEMS_MAX, describe, required, stack_arn, stacks};
use crate::operation::{Access, AwsError, Call, Operation};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DescribeStackEvents",
    route: None,
    access: Access::Signed {
        action: "cloudformation:DescribeStackEvents",
        resource: stack_arn,
    },
    members: &["StackName", "NextToken"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = required(call, "StackName")?;
    let (events, next) = stacks(call)
        .events(name, call.text("NextToken"), PAGE_ITEMS_MAX)
        .await?;
    let events: Vec<Value> = events.iter().map(describe::event).collect();
    Ok(json!({ "StackEvents": events, "NextToken": next }))
}
