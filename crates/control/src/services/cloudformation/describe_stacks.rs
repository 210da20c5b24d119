//! `DescribeStacks` describes one stack, or all that live, paged.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html>

use serde_json::{Value, json};

use super::{describe, numbered, stack_arn, stacks};
use crate::{
    operation::{Access, AwsError, Call, Operation},
    stacks::Filter,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DescribeStacks",
    route: None,
    access: Access::Signed {
        action: "cloudformation:DescribeStacks",
        resource: stack_arn,
    },
    members: &["StackName", "NextToken"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    if let Some(name) = call.text("StackName") {
        let record = stacks(call).masked_record(name).await?;
        return Ok(json!({ "Stacks": [describe::stack(&record)] }));
    }
    let all = stacks(call).stacks(&Filter::default()).await?;
    let (page, next) = numbered(call, &all)?;
    let described: Vec<Value> = page.iter().map(describe::stack).collect();
    Ok(json!({ "Stacks": described, "NextToken": next }))
}
