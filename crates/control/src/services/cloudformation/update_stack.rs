//! `UpdateStack` begins to change a stack and answers at once.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_UpdateStack.html>

use serde_json::{Value, json};

use super::{rights, stack_arn, stacks, update_request};
use crate::operation::{Access, AwsError, Call, Operation};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateStack",
    route: None,
    access: Access::Signed {
        action: "cloudformation:UpdateStack",
        resource: stack_arn,
    },
    members: &[
        "StackName",
        "TemplateBody",
        "TemplateURL",
        "UsePreviousTemplate",
        "Parameters",
        "Tags",
        "Capabilities",
        "DisableRollback",
        "ClientRequestToken",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let request = update_request(call)?;
    let previous = stacks(call).record(&request.stack_name).await?.stack.template;
    rights::check(call, &request, Some(&previous)).await?;
    let started = stacks(call).update(request).await?;
    Ok(json!({ "StackId": started.spawn() }))
}
