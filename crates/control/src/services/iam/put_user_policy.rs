//! `PutUserPolicy`: gives a user an inline policy, or replaces it.

use portcullis_engines::iam::Policy;
use serde_json::Value;

use super::users;
use crate::operation::{Access, AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "PutUserPolicy",
    route: None,
    access: Access::Signed {
        action: "iam:PutUserPolicy",
        resource: users::arn,
    },
    members: &["UserName", "PolicyName", "PolicyDocument"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = users::name(call, "PolicyName")?;
    let document = call.text("PolicyDocument").unwrap_or_default();
    Policy::parse_identity_based(document)
        .map_err(|cause| AwsError::new("MalformedPolicyDocument", 400, cause.to_string()))?;
    let mut user = users::read(call).await?;
    user.value.policies.insert(name.to_owned(), document.to_owned());
    users::write(call, &user).await?;
    Ok(Value::Null)
}
