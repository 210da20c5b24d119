//! `GetPolicy`: returns a managed policy.

use serde_json::{Value, json};

use super::{holders, managed};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "GetPolicy",
    route: None,
    access: managed::on_policy("iam:GetPolicy"),
    members: &["PolicyArn"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let policy = managed::shown(call).await?;
    let arn = holders::policy_arn(call)?;
    Ok(json!({ "Policy": managed::describe(call, &policy, arn).await? }))
}
