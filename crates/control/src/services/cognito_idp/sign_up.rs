//! `SignUp`: a stranger registers.

use portcullis_identity::flows::SignUp;
use serde_json::{Value, json};

use super::{rules, user};
use crate::{
    input::Input,
    operation::{Access, AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "SignUp",
    route: None,
    access: Access::Unsigned,
    members: &[
        "ClientId",
        "SecretHash",
        "Username",
        "Password",
        "UserAttributes",
        "ValidationData",
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
    let settings = SignUp {
        client_id: client.to_owned(),
        secret_hash: input.text("SecretHash", rules::SECRET_HASH).map(str::to_owned),
        username: username.to_owned(),
        password: input.required_secret("Password", rules::PASSWORD),
        user_attributes: user::read_attributes(&mut input),
    };
    input.finish()?;
    let answer = call.parts.identity.sign_up(settings).await?;
    let mut output = json!({ "UserConfirmed": answer.user_confirmed, "UserSub": answer.user_sub });
    if let (Some(delivery), Value::Object(members)) = (&answer.code_delivery, &mut output) {
        members.insert("CodeDeliveryDetails".into(), user::delivery(delivery));
    }
    Ok(output)
}
