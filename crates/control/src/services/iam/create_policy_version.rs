//! `CreatePolicyVersion`: adds a version to a managed policy.

use serde_json::{Value, json};

use super::{entities::entities, managed};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "CreatePolicyVersion",
    route: None,
    access: managed::on_policy("iam:CreatePolicyVersion"),
    members: &["PolicyArn", "PolicyDocument", "SetAsDefault"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let policy = managed::read(call).await?;
    let document = call.text("PolicyDocument").unwrap_or_default().to_owned();
    let is_default = call.text("SetAsDefault") == Some("true");
    let (policy, number) = entities(call).add_version(policy, document, is_default).await?;
    Ok(json!({ "PolicyVersion": managed::describe_version(&policy, number, false) }))
}
