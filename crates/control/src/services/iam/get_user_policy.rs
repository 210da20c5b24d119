//! `GetUserPolicy`: returns an inline policy of a user.

use serde_json::{Value, json};

use super::users;
use crate::operation::{Access, AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "GetUserPolicy",
    route: None,
    access: Access::Signed {
        action: "iam:GetUserPolicy",
        resource: users::arn,
    },
    members: &["UserName", "PolicyName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = users::policy_name(call)?;
    let user = users::read(call).await?.value;
    let document = user.policies.get(name).ok_or_else(|| users::no_policy(name))?;
    let document = users::percent_encoded(document);
    Ok(json!({ "UserName": user.user_name, "PolicyName": name, "PolicyDocument": document }))
}
