//! `CreateUserPool`: makes a pool with its two signing keys.

use portcullis_identity::directory::CreateUserPool;
use serde_json::{Value, json};

use super::{access, rules, user_pool};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "CreateUserPool",
    route: None,
    access: access::everywhere("cognito-idp:CreateUserPool"),
    members: &[
        "PoolName",
        "UsernameAttributes",
        "AliasAttributes",
        "UsernameConfiguration",
        "Schema",
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
    let pool_name = input.required("PoolName", rules::NAME).to_owned();
    let username_case_sensitive = input
        .structure("UsernameConfiguration", &["CaseSensitive"], |configuration| {
            let sensitive = configuration.boolean("CaseSensitive");
            configuration.require("CaseSensitive", sensitive.is_some());
            sensitive
        })
        .flatten();
    let settings = CreateUserPool {
        pool_name,
        username_attributes: input.texts("UsernameAttributes", rules::WORD).unwrap_or_default(),
        alias_attributes: input.texts("AliasAttributes", rules::WORD).unwrap_or_default(),
        username_case_sensitive,
        schema: user_pool::read_schema(&mut input, "Schema"),
        options: user_pool::read_options(&mut input),
    };
    input.finish()?;
    let pool = call.parts.identity.create_user_pool(call.scope, settings).await?;
    Ok(json!({ "UserPool": user_pool::describe(call, &pool) }))
}
