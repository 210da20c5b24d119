//! `UpdateAssumeRolePolicy`: says anew whom a role trusts; effective with the next call in its name.

use serde_json::Value;

use super::roles;
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "UpdateAssumeRolePolicy",
    route: None,
    access: roles::on_role("iam:UpdateAssumeRolePolicy"),
    members: &["RoleName", "PolicyDocument"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let document = call.text("PolicyDocument").unwrap_or_default();
    let mut role = roles::read(call).await?;
    document.clone_into(&mut role.value.assume_role_policy_document);
    roles::roles(call).write(&role).await?;
    Ok(Value::Null)
}
