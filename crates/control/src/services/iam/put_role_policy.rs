//! `PutRolePolicy`: gives a role an inline policy, or replaces it.

use serde_json::Value;

use super::{roles, users};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "PutRolePolicy",
    route: None,
    access: roles::on_role("iam:PutRolePolicy"),
    members: &["RoleName", "PolicyName", "PolicyDocument"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = users::policy_name(call)?;
    let document = call.text("PolicyDocument").unwrap_or_default();
    let mut role = roles::read(call).await?;
    role.value.policies.insert(name.to_owned(), document.to_owned());
    roles::roles(call).write(&role).await?;
    Ok(Value::Null)
}
