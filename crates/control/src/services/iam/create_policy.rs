//! `CreatePolicy`: makes a managed policy.

use serde_json::{Value, json};

use super::{
    entities::entities,
    managed::{self, NewPolicy},
};
use crate::operation::{Access, AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "CreatePolicy",
    route: None,
    access: Access::Signed {
        action: "iam:CreatePolicy",
        resource: managed::new_arn,
    },
    members: &["PolicyName", "Path", "PolicyDocument", "Description"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let text = |member: &str| call.text(member).unwrap_or_default().to_owned();
    let new = NewPolicy {
        name: text("PolicyName"),
        path: text("Path"),
        document: text("PolicyDocument"),
        description: call.text("Description").map(str::to_owned),
    };
    let policy = entities(call).create_policy(new).await?;
    let arn = policy.arn(call.scope.account.as_str());
    Ok(json!({ "Policy": managed::describe(call, &policy, &arn).await? }))
}
