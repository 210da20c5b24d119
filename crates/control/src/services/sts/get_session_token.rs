//! `GetSessionToken`: temporary credentials of the user who calls. They may what he may, but for IAM and STS.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>

use portcullis_model::{AccessKeyId, resources::iam::SessionPrincipal};
use serde_json::{Value, json};

use super::credentials;
use crate::{
    operation::{Access, AwsError, Call, Caller, Operation},
    sessions::{self, NewSession},
};

/// AWS's: 15 minutes to 36 hours, 12 hours by default.
const SECONDS: (u32, u32, u32) = (900, 43_200, 129_600);

pub(super) const OPERATION: Operation = Operation {
    name: "GetSessionToken",
    route: None,
    access: Access::AnySigned,
    members: &["DurationSeconds"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let denied = |message: &str| AwsError::new("AccessDeniedException", 403, message);
    let principal = match call.caller {
        Caller::User {
            access_key_id,
            user_name,
            user_id,
            temporary: None,
            ..
        } => SessionPrincipal::User {
            user_name: user_name.clone(),
            user_id: user_id.clone(),
            access_key_id: AccessKeyId::from(access_key_id.as_str()),
        },
        Caller::Root { .. } => {
            return Err(denied(
                "GetSessionToken is not supported for the account's own key: make a user",
            ));
        }
        Caller::Anonymous | Caller::User { .. } | Caller::Role { .. } => {
            return Err(denied("Cannot call GetSessionToken with session credentials"));
        }
    };
    let (least, default, most) = SECONDS;
    let new = NewSession {
        account: call.scope.account.clone(),
        principal,
        expires: call
            .now
            .plus_seconds(credentials::seconds(call, default, least, most)?),
        policies: Vec::new(),
        policy_arns: Vec::new(),
    };
    let issued = sessions::issue(&call.parts.vault, call.parts.entropy.as_ref(), call.now, new)?;
    Ok(json!({ "Credentials": credentials::describe(&issued) }))
}
