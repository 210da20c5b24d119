//! `GetUser`: what the bearer of an access token is.

use serde_json::{Value, json};

use super::{rules, user};
use crate::{
    input::Input,
    operation::{Access, AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "GetUser",
    route: None,
    access: Access::Unsigned,
    members: &["AccessToken"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let token = input.required_secret("AccessToken", rules::TOKEN);
    input.finish()?;
    let user = call.parts.identity.get_user(&token).await?;
    Ok(json!({ "Username": user.username, "UserAttributes": user::attributes(&user.user_attributes) }))
}
