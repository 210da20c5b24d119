//! `GetRole`: returns a role with its trust policy.

use serde_json::{Value, json};

use super::roles;
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "GetRole",
    route: None,
    access: roles::on_role("iam:GetRole"),
    members: &["RoleName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let role = roles::read(call).await?.value;
    Ok(json!({ "Role": roles::describe(call, &role) }))
}
