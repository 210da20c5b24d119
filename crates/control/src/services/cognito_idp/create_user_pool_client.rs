//! `CreateUserPoolClient`: makes an app client, with a secret if asked for.

use portcullis_identity::directory::CreateUserPoolClient;
use serde_json::{Value, json};

use super::{access, rules, user_pool_client};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "CreateUserPoolClient",
    route: None,
    access: access::on_pool("cognito-idp:CreateUserPoolClient"),
    members: &[
        "UserPoolId",
        "GenerateSecret",
        "ClientSecret",
        "ClientName",
        "RefreshTokenValidity",
        "AccessTokenValidity",
        "IdTokenValidity",
        "TokenValidityUnits",
        "ReadAttributes",
        "WriteAttributes",
        "ExplicitAuthFlows",
        "SupportedIdentityProviders",
        "CallbackURLs",
        "LogoutURLs",
        "DefaultRedirectURI",
        "AllowedOAuthFlows",
        "AllowedOAuthScopes",
        "AllowedOAuthFlowsUserPoolClient",
        "PreventUserExistenceErrors",
        "EnableTokenRevocation",
        "AuthSessionValidity",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    input.required("ClientName", rules::NAME);
    let settings = CreateUserPoolClient {
        user_pool_id: pool.to_owned(),
        generate_secret: input.boolean("GenerateSecret").unwrap_or_default(),
        client_secret: input.secret("ClientSecret", rules::CLIENT_SECRET),
        options: user_pool_client::read_options(&mut input),
    };
    input.finish()?;
    let client = call
        .parts
        .identity
        .create_user_pool_client(call.scope, settings)
        .await?;
    Ok(json!({ "UserPoolClient": user_pool_client::describe(&client) }))
}
