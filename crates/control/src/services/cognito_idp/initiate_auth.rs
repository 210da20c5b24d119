//! `InitiateAuth`: the first step of signing in.

use portcullis_identity::flows::InitiateAuth;
use serde_json::Value;

use super::{auth, rules};
use crate::{
    input::Input,
    operation::{Access, AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "InitiateAuth",
    route: None,
    access: Access::Unsigned,
    members: &[
        "AuthFlow",
        "AuthParameters",
        "ClientId",
        "AnalyticsMetadata",
        "UserContextData",
        "ClientMetadata",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let client = input.required("ClientId", rules::CLIENT_ID);
    let settings = InitiateAuth {
        client_id: client.to_owned(),
        auth_flow: auth::flow(&mut input).to_owned(),
        auth_parameters: auth::parameters(&mut input, "AuthParameters"),
    };
    input.finish()?;
    Ok(auth::answer(call.parts.identity.initiate_auth(settings).await?))
}
