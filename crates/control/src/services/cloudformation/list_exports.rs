//! `ListExports` lists the exports of all stacks, paged.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListExports.html>

use serde_json::{Value, json};

use super::{PAGE_ITEMS_MAX, any_stack, describe, stacks};
use crate::operation::{Access, AwsError, Call, Operation};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "ListExports",
    route: None,
    access: Access::Signed {
        action: "cloudformation:ListExports",
        resource: any_stack,
    },
    members: &["NextToken"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (exports, next) = stacks(call)
        .list_exports(call.text("NextToken"), PAGE_ITEMS_MAX)
        .await?;
    let described: Vec<Value> = exports.iter().map(describe::export).collect();
    Ok(json!({ "Exports": described, "NextToken": next }))
}
