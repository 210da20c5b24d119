//! `GetRolePolicy`: returns an inline policy of a role.

use serde_json::{Value, json};

use super::{roles, users::percent_encoded};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "GetRolePolicy",
    route: None,
    access: roles::on_role("iam:GetRolePolicy"),
    members: &["RoleName", "PolicyName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let role = roles::read(call).await?.value;
    let (name, document) = roles::named_policy(call, &role)?;
    let document = percent_encoded(document);
    Ok(json!({ "RoleName": role.role_name, "PolicyName": name, "PolicyDocument": document }))
}
