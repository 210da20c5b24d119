//! `SetDefaultPolicyVersion`: says which version of a managed policy holds.

use serde_json::Value;

use super::{entities::entities, managed};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "SetDefaultPolicyVersion",
    route: None,
    access: managed::on_policy("iam:SetDefaultPolicyVersion"),
    members: &["PolicyArn", "VersionId"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut policy = managed::read(call).await?;
    policy.value.default_version = managed::version(call, &policy.value)?;
    policy.value.update_date = call.now;
    entities(call).write(&policy).await?;
    Ok(Value::Null)
}
