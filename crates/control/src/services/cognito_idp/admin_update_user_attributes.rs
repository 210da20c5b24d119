//! `AdminUpdateUserAttributes`: sets attributes of a user.

use serde_json::{Value, json};

use super::{access, rules, user};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "AdminUpdateUserAttributes",
    route: None,
    access: access::on_pool("cognito-idp:AdminUpdateUserAttributes"),
    members: &["UserPoolId", "Username", "UserAttributes", "ClientMetadata"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let username = input.required("Username", rules::USERNAME);
    input.require("UserAttributes", call.input.contains_key("UserAttributes"));
    let attributes = user::read_attributes(&mut input);
    input.finish()?;
    let identity = &call.parts.identity;
    identity
        .admin_update_user_attributes(call.scope, pool, username, attributes)
        .await?;
    Ok(json!({}))
}
