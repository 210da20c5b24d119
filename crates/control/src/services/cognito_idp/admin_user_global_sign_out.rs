//! `AdminUserGlobalSignOut`: ends every session of a user.

use serde_json::{Value, json};

use super::{access, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "AdminUserGlobalSignOut",
    route: None,
    access: access::on_pool("cognito-idp:AdminUserGlobalSignOut"),
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
        .admin_user_global_sign_out(call.scope, pool, username)
        .await?;
    Ok(json!({}))
}
