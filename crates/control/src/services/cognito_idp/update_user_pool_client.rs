//! `UpdateUserPoolClient`: changes an app client. As on AWS, a setting that is not given goes back to its default.

use serde_json::{Value, json};

use super::{access, rules, user_pool_client};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "UpdateUserPoolClient",
    route: None,
    access: access::on_pool("cognito-idp:UpdateUserPoolClient"),
    members: &[
        "UserPoolId",
        "ClientId",
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
    let client = input.required("ClientId", rules::CLIENT_ID);
    let options = user_pool_client::read_options(&mut input);
    input.finish()?;
    let client = call
        .parts
        .identity
        .update_user_pool_client(call.scope, pool, client, options)
        .await?;
    Ok(json!({ "UserPoolClient": user_pool_client::describe(&client) }))
}
