//! `ListPolicyVersions`: lists the versions of a managed policy.

use serde_json::{Value, json};

use super::managed;
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "ListPolicyVersions",
    route: None,
    access: managed::on_policy("iam:ListPolicyVersions"),
    members: &["PolicyArn"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let policy = managed::shown(call).await?;
    let numbers = policy.versions.keys().rev();
    let versions: Vec<Value> = numbers
        .map(|number| managed::describe_version(&policy, *number, false))
        .collect();
    Ok(json!({ "Versions": versions, "IsTruncated": false }))
}
