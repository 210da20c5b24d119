//! `RevokeToken`: ends a refresh token and all that came from it.

use portcullis_identity::flows::RevokeToken;
use serde_json::{Value, json};

use super::rules;
use crate::{
    input::Input,
    operation::{Access, AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "RevokeToken",
    route: None,
    access: Access::Unsigned,
    members: &["ClientId", "ClientSecret", "Token"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let client = input.required("ClientId", rules::CLIENT_ID);
    let settings = RevokeToken {
        client_id: client.to_owned(),
        client_secret: input.secret("ClientSecret", rules::CLIENT_SECRET),
        token: input.required_secret("Token", rules::TOKEN),
    };
    input.finish()?;
    call.parts.identity.revoke_token(settings).await?;
    Ok(json!({}))
}
