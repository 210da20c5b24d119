//! `AdminAddUserToGroup`: puts a user into a group.

use serde_json::{Value, json};

use super::{access, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "AdminAddUserToGroup",
    route: None,
    access: access::on_pool("cognito-idp:AdminAddUserToGroup"),
    members: &["UserPoolId", "Username", "GroupName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let username = input.required("Username", rules::USERNAME);
    let group = input.required("GroupName", rules::USERNAME);
    input.finish()?;
    call.parts
        .identity
        .admin_add_user_to_group(call.scope, pool, username, group)
        .await?;
    Ok(json!({}))
}
