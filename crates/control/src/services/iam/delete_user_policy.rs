//! `DeleteUserPolicy`: takes an inline policy from a user.

use serde_json::Value;

use super::users;
use crate::operation::{Access, AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteUserPolicy",
    route: None,
    access: Access::Signed {
        action: "iam:DeleteUserPolicy",
        resource: users::arn,
    },
    members: &["UserName", "PolicyName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = users::policy_name(call)?;
    let mut user = users::read(call).await?;
    user.value
        .policies
        .remove(name)
        .ok_or_else(|| users::no_policy(name))?;
    users::write(call, &user).await?;
    Ok(Value::Null)
}
