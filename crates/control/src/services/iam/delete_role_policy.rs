//! `DeleteRolePolicy`: takes an inline policy from a role.

use serde_json::Value;

use super::{roles, users};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteRolePolicy",
    route: None,
    access: roles::on_role("iam:DeleteRolePolicy"),
    members: &["RoleName", "PolicyName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = users::policy_name(call)?;
    let mut role = roles::read(call).await?;
    role.value
        .policies
        .remove(name)
        .ok_or_else(|| roles::no_policy(name))?;
    roles::roles(call).write(&role).await?;
    Ok(Value::Null)
}
