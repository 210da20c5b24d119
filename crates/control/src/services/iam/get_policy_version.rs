//! `GetPolicyVersion`: returns a version of a managed policy with its document.

use serde_json::{Value, json};

use super::managed;
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "GetPolicyVersion",
    route: None,
    access: managed::on_policy("iam:GetPolicyVersion"),
    members: &["PolicyArn", "VersionId"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let policy = managed::shown(call).await?;
    let number = managed::version(call, &policy)?;
    Ok(json!({ "PolicyVersion": managed::describe_version(&policy, number, true) }))
}
