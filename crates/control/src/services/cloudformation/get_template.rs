//! `GetTemplate` returns the template of a stack as it was given.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html>

use serde_json::{Value, json};

use super::{required, stack_arn, stacks};
use crate::operation::{Access, AwsError, Call, Operation};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetTemplate",
    route: None,
    access: Access::Signed {
        action: "cloudformation:GetTemplate",
        resource: stack_arn,
    },
    members: &["StackName", "TemplateStage"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = required(call, "StackName")?;
    let record = stacks(call).record(name).await?;
    Ok(json!({ "TemplateBody": record.stack.template, "StagesAvailable": ["Original", "Processed"] }))
}
