//! `ListAccessKeys`: lists the access keys of a user, without secrets.

use serde_json::{Value, json};

use super::{access_keys, users};
use crate::operation::{Access, AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "ListAccessKeys",
    route: None,
    access: Access::Signed {
        action: "iam:ListAccessKeys",
        resource: users::arn,
    },
    members: &["UserName", "Marker", "MaxItems"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let user = users::read(call).await?.value;
    let keys = access_keys::of_user(call, &user.user_name).await?;
    let described: Vec<Value> = keys.iter().map(|key| access_keys::describe(&key.value)).collect();
    Ok(json!({ "AccessKeyMetadata": described, "IsTruncated": false }))
}
