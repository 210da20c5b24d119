//! `AdminRemoveUserFromGroup`: takes a user out of a group.

use serde_json::{Value, json};

use super::{access, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "AdminRemoveUserFromGroup",
    route: None,
    access: access::on_pool("cognito-idp:AdminRemoveUserFromGroup"),
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
        .admin_remove_user_from_group(call.scope, pool, username, group)
        .await?;
    Ok(json!({}))
}
