//! `ListRolePolicies`: lists the names of the inline policies of a role.

use serde_json::{Value, json};

use super::roles;
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "ListRolePolicies",
    route: None,
    access: roles::on_role("iam:ListRolePolicies"),
    members: &["RoleName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let role = roles::read(call).await?.value;
    let names: Vec<&String> = role.policies.keys().collect();
    Ok(json!({ "PolicyNames": names, "IsTruncated": false }))
}
