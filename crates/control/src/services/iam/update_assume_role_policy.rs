//! `UpdateAssumeRolePolicy`: says anew whom a role trusts; effective with the next call in its name.

use portcullis_model::resources::iam::Role;
use serde_json::Value;

use super::{entities::entities, holders};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "UpdateAssumeRolePolicy",
    route: None,
    access: holders::on_role("iam:UpdateAssumeRolePolicy"),
    members: &["RoleName", "PolicyDocument"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let document = call.text("PolicyDocument").unwrap_or_default();
    let mut role = holders::read::<Role>(call).await?;
    document.clone_into(&mut role.value.assume_role_policy_document);
    entities(call).write(&role).await?;
    Ok(Value::Null)
}
