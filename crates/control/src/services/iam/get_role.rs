//! `GetRole`: returns a role with its trust policy.

use portcullis_model::resources::iam::Role;
use serde_json::{Value, json};

use super::{holders, roles};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "GetRole",
    route: None,
    access: holders::on_role("iam:GetRole"),
    members: &["RoleName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let role = holders::read::<Role>(call).await?.value;
    Ok(json!({ "Role": roles::describe(call, &role) }))
}
