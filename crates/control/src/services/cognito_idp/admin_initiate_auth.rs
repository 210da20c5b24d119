//! `AdminInitiateAuth`: the first step of signing in, through a server that signs.

use portcullis_identity::flows::AdminInitiateAuth;
use serde_json::Value;

use super::{access, auth, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "AdminInitiateAuth",
    route: None,
    access: access::on_pool("cognito-idp:AdminInitiateAuth"),
    members: &[
        "UserPoolId",
        "ClientId",
        "AuthFlow",
        "AuthParameters",
        "AnalyticsMetadata",
        "ContextData",
        "ClientMetadata",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let client = input.required("ClientId", rules::CLIENT_ID);
    let settings = AdminInitiateAuth {
        user_pool_id: pool.to_owned(),
        client_id: client.to_owned(),
        auth_flow: auth::flow(&mut input).to_owned(),
        auth_parameters: auth::parameters(&mut input, "AuthParameters"),
    };
    input.finish()?;
    Ok(auth::answer(
        call.parts
            .identity
            .admin_initiate_auth(call.scope, settings)
            .await?,
    ))
}
