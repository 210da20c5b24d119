//! `ConfirmSignUp`: a code proves the address of a new user.

use portcullis_identity::flows::ConfirmSignUp;
use serde_json::{Value, json};

use super::rules;
use crate::{
    input::Input,
    operation::{Access, AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ConfirmSignUp",
    route: None,
    access: Access::Unsigned,
    members: &[
        "ClientId",
        "SecretHash",
        "Username",
        "ConfirmationCode",
        "ForceAliasCreation",
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
    let settings = ConfirmSignUp {
        client_id: client.to_owned(),
        secret_hash: input.text("SecretHash", rules::SECRET_HASH).map(str::to_owned),
        username: username.to_owned(),
        confirmation_code: input.required_secret("ConfirmationCode", rules::CODE),
        force_alias_creation: input.boolean("ForceAliasCreation").unwrap_or_default(),
    };
    input.finish()?;
    call.parts.identity.confirm_sign_up(settings).await?;
    Ok(json!({}))
}
