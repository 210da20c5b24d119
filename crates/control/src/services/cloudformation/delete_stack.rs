//! `DeleteStack` begins to delete a stack and answers at once; a stack that is not there is fine.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DeleteStack.html>

use serde_json::{Value, json};

use super::{required, rights, stack_arn, stacks};
use crate::operation::{Access, AwsError, Call, Operation};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteStack",
    route: None,
    access: Access::Signed {
        action: "cloudformation:DeleteStack",
        resource: stack_arn,
    },
    members: &["StackName", "ClientRequestToken"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = required(call, "StackName")?;
    if let Some(record) = stacks(call).find_record(name).await? {
        rights::check_deletion(call, &record.stack.template).await?;
    }
    if let Some(started) = stacks(call).delete(name).await? {
        started.spawn();
    }
    Ok(json!({}))
}
