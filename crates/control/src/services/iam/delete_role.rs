//! `DeleteRole`: deletes a role that has no policies. Its sessions end at once.

use portcullis_model::resources::iam::Role;
use serde_json::Value;

use super::{entities::entities, holders};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteRole",
    route: None,
    access: holders::on_role("iam:DeleteRole"),
    members: &["RoleName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let role = holders::read::<Role>(call).await?;
    holders::check_bare(&role.value)?;
    entities(call).delete(&role).await?;
    Ok(Value::Null)
}
