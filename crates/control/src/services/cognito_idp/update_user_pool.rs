//! `UpdateUserPool`: changes a pool. As on AWS, a setting that is not given goes back to its default.

use portcullis_identity::directory::UpdateUserPool;
use serde_json::{Value, json};

use super::{access, rules, user_pool};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "UpdateUserPool",
    route: None,
    access: access::on_pool("cognito-idp:UpdateUserPool"),
    members: &[
        "UserPoolId",
        "PoolName",
        "Policies",
        "DeletionProtection",
        "AutoVerifiedAttributes",
        "MfaConfiguration",
        "UserPoolTags",
        "VerificationMessageTemplate",
        "AdminCreateUserConfig",
        "AccountRecoverySetting",
        "EmailConfiguration",
        "EmailVerificationMessage",
        "EmailVerificationSubject",
        "SmsAuthenticationMessage",
        "SmsVerificationMessage",
        "UserAttributeUpdateSettings",
        "UserPoolTier",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let changes = UpdateUserPool {
        pool_name: input.text("PoolName", rules::NAME).map(str::to_owned),
        options: user_pool::read_options(&mut input),
    };
    input.finish()?;
    call.parts
        .identity
        .update_user_pool(call.scope, pool, changes)
        .await?;
    Ok(json!({}))
}
