//! `AdminConfirmSignUp`: confirms a user without a code.

use serde_json::{Value, json};

use super::{access, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "AdminConfirmSignUp",
    route: None,
    access: access::on_pool("cognito-idp:AdminConfirmSignUp"),
    members: &["UserPoolId", "Username", "ClientMetadata"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let username = input.required("Username", rules::USERNAME);
    input.finish()?;
    call.parts
        .identity
        .admin_confirm_sign_up(call.scope, pool, username)
        .await?;
    Ok(json!({}))
}
