//! `AdminGetUser`: what a user is.

use serde_json::{Value, json};

use super::{access, rules, user};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "AdminGetUser",
    route: None,
    access: access::on_pool("cognito-idp:AdminGetUser"),
    members: &["UserPoolId", "Username"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let username = input.required("Username", rules::USERNAME);
    input.finish()?;
    let user = call
        .parts
        .identity
        .admin_get_user(call.scope, pool, username)
        .await?;
    Ok(json!({
        "Username": user.username,
        "UserAttributes": user::attributes(&user.attributes),
        "UserCreateDate": user.user_create_date.seconds_fractional(),
        "UserLastModifiedDate": user.user_last_modified_date.seconds_fractional(),
        "Enabled": user.enabled,
        "UserStatus": user.user_status,
    }))
}
