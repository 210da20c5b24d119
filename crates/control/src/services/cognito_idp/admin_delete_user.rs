//! `AdminDeleteUser`: deletes a user.

use serde_json::{Value, json};

use super::{access, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "AdminDeleteUser",
    route: None,
    access: access::on_pool("cognito-idp:AdminDeleteUser"),
    members: &["UserPoolId", "Username"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let username = input.required("Username", rules::USERNAME);
    input.finish()?;
    call.parts
        .identity
        .admin_delete_user(call.scope, pool, username)
        .await?;
    Ok(json!({}))
}
