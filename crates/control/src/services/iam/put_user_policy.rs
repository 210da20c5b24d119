//! `PutUserPolicy`: gives a user an inline policy, or replaces it.

use portcullis_engines::iam::Policy;
use portcullis_model::resources::iam::User;
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
    let name = users::policy_name(call)?;
    let document = call.text("PolicyDocument").unwrap_or_default();
    Policy::parse_identity_based(document)
        .map_err(|cause| AwsError::new("MalformedPolicyDocument", 400, cause.to_string()))?;
    let mut user = users::read(call).await?;
    user.value.policies.insert(name.to_owned(), document.to_owned());
    check_size(&user.value)?;
    users::write(call, &user).await?;
    Ok(Value::Null)
}

/// All inline policies of a user, white space not counted: AWS's quota.
const POLICIES_CHARACTERS_MAX: usize = 2048;

fn check_size(user: &User) -> Result<(), AwsError> {
    let count = |document: &String| document.chars().filter(|symbol| !symbol.is_whitespace()).count();
    if user.policies.values().map(count).sum::<usize>() <= POLICIES_CHARACTERS_MAX {
        return Ok(());
    }
    let message = format!(
        "Maximum policy size of {POLICIES_CHARACTERS_MAX} bytes exceeded for user {}",
        user.user_name
    );
    Err(AwsError::new("LimitExceeded", 409, message))
}
