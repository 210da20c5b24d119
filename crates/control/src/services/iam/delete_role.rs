//! `DeleteRole`: deletes a role that has no policies.

use serde_json::Value;

use super::roles;
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteRole",
    route: None,
    access: roles::on_role("iam:DeleteRole"),
    members: &["RoleName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let role = roles::read(call).await?;
    if !role.value.policies.is_empty() {
        return Err(AwsError::new(
            "DeleteConflict",
            409,
            "Cannot delete entity, must delete policies first.",
        ));
    }
    roles::roles(call).delete(&role).await?;
    Ok(Value::Null)
}
