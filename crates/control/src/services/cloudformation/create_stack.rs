//! `CreateStack` begins to make a stack and answers at once.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html>

use serde_json::{Value, json};

use super::{rights, stack_arn, stack_request, stacks};
use crate::operation::{Access, AwsError, Call, Operation};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateStack",
    route: None,
    access: Access::Signed {
        action: "cloudformation:CreateStack",
        resource: stack_arn,
    },
    members: &[
        "StackName",
        "TemplateBody",
        "TemplateURL",
        "Parameters",
        "Tags",
        "Capabilities",
        "OnFailure",
        "DisableRollback",
        "ClientRequestToken",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let request = stack_request(call)?;
    rights::check(call, &request, None).await?;
    let started = stacks(call).create(request).await?;
    Ok(json!({ "StackId": started.spawn() }))
}
