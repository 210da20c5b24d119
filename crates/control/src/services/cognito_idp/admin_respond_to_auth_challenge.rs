//! `AdminRespondToAuthChallenge`: the next step of signing in, through a server that signs.

use portcullis_identity::flows::AdminRespondToAuthChallenge;
use serde_json::Value;

use super::{access, auth, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "AdminRespondToAuthChallenge",
    route: None,
    access: access::on_pool("cognito-idp:AdminRespondToAuthChallenge"),
    members: &[
        "UserPoolId",
        "ClientId",
        "ChallengeName",
        "Session",
        "ChallengeResponses",
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
    let settings = AdminRespondToAuthChallenge {
        user_pool_id: pool.to_owned(),
        client_id: client.to_owned(),
        challenge_name: auth::challenge(&mut input).to_owned(),
        session: input.secret("Session", rules::SESSION),
        challenge_responses: auth::parameters(&mut input, "ChallengeResponses"),
    };
    input.finish()?;
    let identity = &call.parts.identity;
    Ok(auth::answer(
        identity
            .admin_respond_to_auth_challenge(call.scope, settings)
            .await?,
    ))
}
