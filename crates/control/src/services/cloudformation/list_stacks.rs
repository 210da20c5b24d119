//! `ListStacks` lists stacks, those that are gone too, paged.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStacks.html>

use serde_json::{Value, json};

use super::{any_stack, describe, numbered, stacks, texts};
use crate::{
    operation::{Access, AwsError, Call, Operation},
    stacks::Filter,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "ListStacks",
    route: None,
    access: Access::Signed {
        action: "cloudformation:ListStacks",
        resource: any_stack,
    },
    members: &["StackStatusFilter", "NextToken"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let filter = Filter {
        statuses: texts(call, "StackStatusFilter"),
        with_deleted: true,
    };
    let all = stacks(call).stacks(&filter).await?;
    let (page, next) = numbered(call, &all)?;
    let summaries: Vec<Value> = page.iter().map(describe::stack_summary).collect();
    Ok(json!({ "StackSummaries": summaries, "NextToken": next }))
}
