//! `AdminSetUserPassword`: sets a password, for good or until the first sign-in.

use serde_json::{Value, json};

use super::{access, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "AdminSetUserPassword",
    route: None,
    access: access::on_pool("cognito-idp:AdminSetUserPassword"),
    members: &["UserPoolId", "Username", "Password", "Permanent"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let username = input.required("Username", rules::USERNAME);
    let password = input.required_secret("Password", rules::PASSWORD);
    let permanent = input.boolean("Permanent").unwrap_or_default();
    input.finish()?;
    let identity = &call.parts.identity;
    identity
        .admin_set_user_password(call.scope, pool, username, password, permanent)
        .await?;
    Ok(json!({}))
}
