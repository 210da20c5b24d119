//! `ConfirmForgotPassword`: a new password against the code that was mailed.

use portcullis_identity::flows::ConfirmForgotPassword;
use serde_json::{Value, json};

use super::rules;
use crate::{
    input::Input,
    operation::{Access, AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ConfirmForgotPassword",
    route: None,
    access: Access::Unsigned,
    members: &[
        "ClientId",
        "SecretHash",
        "Username",
        "ConfirmationCode",
        "Password",
        "AnalyticsMetadata",
        "UserContextData",
        "ClientMetadata",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let client = input.required("ClientId", rules::CLIENT_ID);
    let username = input.required("Username", rules::USERNAME);
    let settings = ConfirmForgotPassword {
        client_id: client.to_owned(),
        secret_hash: input.text("SecretHash", rules::SECRET_HASH).map(str::to_owned),
        username: username.to_owned(),
        confirmation_code: input.required_secret("ConfirmationCode", rules::CODE),
        password: input.required_secret("Password", rules::PASSWORD),
    };
    input.finish()?;
    call.parts.identity.confirm_forgot_password(settings).await?;
    Ok(json!({}))
}
