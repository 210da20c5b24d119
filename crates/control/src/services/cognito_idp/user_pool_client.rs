//! An app client on the wire: the settings that callers choose, and the description that they get back.

use portcullis_identity::directory::{ClientDescription, ClientOptions, TokenValidityUnits};
use portcullis_model::resources::cognito::UserPoolClient;
use serde_json::{Map, Value, json};

use super::rules;
use crate::input::Input;

const UNITS: &[&str] = &["seconds", "minutes", "hours", "days"];

/// Reads the settings that can be changed later.
pub(crate) fn read_options(input: &mut Input<'_>) -> ClientOptions {
    let validity = |input: &mut Input<'_>, member: &str, least: i64, most: i64| {
        input
            .integer(member, least, most)
            .and_then(|number| u32::try_from(number).ok())
    };
    ClientOptions {
        client_name: input.text("ClientName", rules::NAME).map(str::to_owned),
        refresh_token_validity: validity(input, "RefreshTokenValidity", 0, 315_360_000),
        access_token_validity: validity(input, "AccessTokenValidity", 1, 86_400),
        id_token_validity: validity(input, "IdTokenValidity", 1, 86_400),
        token_validity_units: read_units(input),
        read_attributes: input.texts("ReadAttributes", rules::REDIRECT).unwrap_or_default(),
        write_attributes: input
            .texts("WriteAttributes", rules::REDIRECT)
            .unwrap_or_default(),
        explicit_auth_flows: input.texts("ExplicitAuthFlows", rules::WORD),
        supported_identity_providers: input
            .texts("SupportedIdentityProviders", rules::REDIRECT)
            .unwrap_or_default(),
        callback_urls: input.texts("CallbackURLs", rules::REDIRECT).unwrap_or_default(),
        logout_urls: input.texts("LogoutURLs", rules::REDIRECT).unwrap_or_default(),
        default_redirect_uri: input
            .text("DefaultRedirectURI", rules::REDIRECT)
            .map(str::to_owned),
        allowed_oauth_flows: input.texts("AllowedOAuthFlows", rules::WORD).unwrap_or_default(),
        allowed_oauth_scopes: input
            .texts("AllowedOAuthScopes", rules::RESOURCE_SERVER)
            .unwrap_or_default(),
        allowed_oauth_flows_user_pool_client: input
            .boolean("AllowedOAuthFlowsUserPoolClient")
            .unwrap_or_default(),
        prevent_user_existence_errors: input
            .one_of("PreventUserExistenceErrors", &["LEGACY", "ENABLED"])
            .map(str::to_owned),
        enable_token_revocation: input.boolean("EnableTokenRevocation"),
        auth_session_validity: validity(input, "AuthSessionValidity", 3, 15),
    }
}

fn read_units(input: &mut Input<'_>) -> TokenValidityUnits {
    const MEMBERS: &[&str] = &["AccessToken", "IdToken", "RefreshToken"];
    input
        .structure("TokenValidityUnits", MEMBERS, |units| TokenValidityUnits {
            access_token: units.one_of("AccessToken", UNITS).map(str::to_owned),
            id_token: units.one_of("IdToken", UNITS).map(str::to_owned),
            refresh_token: units.one_of("RefreshToken", UNITS).map(str::to_owned),
        })
        .unwrap_or_default()
}

/// Returns a client as administrators see it, with its secret.
pub(crate) fn describe(description: &ClientDescription) -> Value {
    let client = &description.client;
    let mut shown = Map::new();
    let mut set = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    set("UserPoolId", json!(client.user_pool_id));
    set("ClientName", json!(client.client_name));
    set("ClientId", json!(client.client_id));
    if let Some(secret) = &description.client_secret {
        set("ClientSecret", json!(secret.expose()));
    }
    set(
        "LastModifiedDate",
        json!(client.last_modified_date.seconds_fractional()),
    );
    set("CreationDate", json!(client.creation_date.seconds_fractional()));
    set("RefreshTokenValidity", json!(client.refresh_token_validity));
    set("AccessTokenValidity", json!(client.access_token_validity));
    set("IdTokenValidity", json!(client.id_token_validity));
    set(
        "TokenValidityUnits",
        json!({
            "AccessToken": client.access_token_unit,
            "IdToken": client.id_token_unit,
            "RefreshToken": client.refresh_token_unit,
        }),
    );
    set("ExplicitAuthFlows", json!(client.explicit_auth_flows));
    for (name, values) in [
        ("ReadAttributes", &client.read_attributes),
        ("WriteAttributes", &client.write_attributes),
        ("SupportedIdentityProviders", &client.supported_identity_providers),
        ("CallbackURLs", &client.callback_urls),
        ("LogoutURLs", &client.logout_urls),
        ("AllowedOAuthFlows", &client.allowed_oauth_flows),
        ("AllowedOAuthScopes", &client.allowed_oauth_scopes),
    ] {
        if !values.is_empty() {
            set(name, json!(values));
        }
    }
    if let Some(uri) = &client.default_redirect_uri {
        set("DefaultRedirectURI", json!(uri));
    }
    set(
        "AllowedOAuthFlowsUserPoolClient",
        json!(client.allowed_oauth_flows_user_pool_client),
    );
    set(
        "PreventUserExistenceErrors",
        json!(client.prevent_user_existence_errors),
    );
    set("EnableTokenRevocation", json!(client.enable_token_revocation));
    set("EnablePropagateAdditionalUserContextData", json!(false));
    set("AuthSessionValidity", json!(client.auth_session_validity));
    Value::Object(shown)
}

/// Returns a client as `ListUserPoolClients` shows it.
pub(super) fn describe_briefly(client: &UserPoolClient) -> Value {
    json!({
        "UserPoolId": client.user_pool_id,
        "ClientId": client.client_id,
        "ClientName": client.client_name,
    })
}
