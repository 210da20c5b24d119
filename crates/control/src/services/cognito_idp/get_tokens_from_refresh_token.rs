//! `GetTokensFromRefreshToken`: new tokens for a refresh token.

use portcullis_identity::flows::RefreshTokens;
use serde_json::{Value, json};

use super::{auth, rules};
use crate::{
    input::Input,
    operation::{Access, AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "GetTokensFromRefreshToken",
    route: None,
    access: Access::Unsigned,
    members: &["ClientId", "ClientSecret", "RefreshToken", "ClientMetadata"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let client = input.required("ClientId", rules::CLIENT_ID);
    let settings = RefreshTokens {
        client_id: client.to_owned(),
        client_secret: input.secret("ClientSecret", rules::CLIENT_SECRET),
        refresh_token: input.required_secret("RefreshToken", rules::TOKEN),
    };
    input.finish()?;
    let result = call
        .parts
        .identity
        .get_tokens_from_refresh_token(settings)
        .await?;
    Ok(json!({ "AuthenticationResult": auth::tokens(&result) }))
}
