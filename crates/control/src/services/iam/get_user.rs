//! `GetUser`: returns a user.

use portcullis_model::resources::iam::User;
use serde_json::{Value, json};

use super::{holders, users};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "GetUser",
    route: None,
    access: holders::on_user("iam:GetUser"),
    members: &["UserName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let user = holders::read::<User>(call).await?.value;
    Ok(json!({ "User": users::describe(call, &user) }))
}
