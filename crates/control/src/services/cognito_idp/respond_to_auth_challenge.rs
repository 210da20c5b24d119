//! `RespondToAuthChallenge`: the next step of signing in.

use portcullis_identity::flows::RespondToAuthChallenge;
use serde_json::Value;

use super::{auth, rules};
use crate::{
    input::Input,
    operation::{Access, AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "RespondToAuthChallenge",
    route: None,
    access: Access::Unsigned,
    members: &[
        "ClientId",
        "ChallengeName",
        "Session",
        "ChallengeResponses",
        "AnalyticsMetadata",
        "UserContextData",
        "ClientMetadata",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let client = input.required("ClientId", rules::CLIENT_ID);
    let settings = RespondToAuthChallenge {
        client_id: client.to_owned(),
        challenge_name: auth::challenge(&mut input).to_owned(),
        session: input.secret("Session", rules::SESSION),
        challenge_responses: auth::parameters(&mut input, "ChallengeResponses"),
    };
    input.finish()?;
    Ok(auth::answer(
        call.parts.identity.respond_to_auth_challenge(settings).await?,
    ))
}
