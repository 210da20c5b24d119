//! `GlobalSignOut`: the bearer of an access token ends all his sessions.

use serde_json::{Value, json};

use super::rules;
use crate::{
    input::Input,
    operation::{Access, AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "GlobalSignOut",
    route: None,
    access: Access::Unsigned,
    members: &["AccessToken"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let token = input.required_secret("AccessToken", rules::TOKEN);
    input.finish()?;
    call.parts.identity.global_sign_out(&token).await?;
    Ok(json!({}))
}
