//! `ForgotPassword`: a code by mail for who forgot the password.

use portcullis_identity::flows::ForgotPassword;
use serde_json::{Value, json};

use super::{rules, user};
use crate::{
    input::Input,
    operation::{Access, AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ForgotPassword",
    route: None,
    access: Access::Unsigned,
    members: &[
        "ClientId",
        "SecretHash",
        "Username",
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
    let settings = ForgotPassword {
        client_id: client.to_owned(),
        secret_hash: input.text("SecretHash", rules::SECRET_HASH).map(str::to_owned),
        username: username.to_owned(),
    };
    input.finish()?;
    let delivery = call.parts.identity.forgot_password(settings).await?;
    Ok(json!({ "CodeDeliveryDetails": user::delivery(&delivery) }))
}
