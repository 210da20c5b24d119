//! `GetUser`: returns a user.

use serde_json::{Value, json};

use super::users;
use crate::operation::{Access, AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "GetUser",
    route: None,
    access: Access::Signed {
        action: "iam:GetUser",
        resource: users::arn,
    },
    members: &["UserName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let user = users::read(call).await?.value;
    Ok(json!({ "User": users::describe(call, &user) }))
}
