//! `ListUserPolicies`: lists the names of the inline policies of a user.

use serde_json::{Value, json};

use super::users;
use crate::operation::{Access, AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "ListUserPolicies",
    route: None,
    access: Access::Signed {
        action: "iam:ListUserPolicies",
        resource: users::arn,
    },
    members: &["UserName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let user = users::read(call).await?.value;
    let names: Vec<&String> = user.policies.keys().collect();
    Ok(json!({ "PolicyNames": names, "IsTruncated": false }))
}
