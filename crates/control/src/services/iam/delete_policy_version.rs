//! `DeletePolicyVersion`: deletes a version of a managed policy that does not hold.

use serde_json::Value;

use super::{entities::entities, managed};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "DeletePolicyVersion",
    route: None,
    access: managed::on_policy("iam:DeletePolicyVersion"),
    members: &["PolicyArn", "VersionId"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut policy = managed::read(call).await?;
    let number = managed::version(call, &policy.value)?;
    if number == policy.value.default_version {
        let message = "Cannot delete the default version of a policy.";
        return Err(AwsError::new("DeleteConflict", 409, message));
    }
    policy.value.versions.remove(&number);
    entities(call).write(&policy).await?;
    Ok(Value::Null)
}
