//! `AWS::Cognito::UserPoolClient`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cognito-userpoolclient.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_identity::directory::{
    ClientDescription, ClientOptions, CreateUserPoolClient, TokenValidityUnits,
};
use portcullis_model::resources::cloudformation::StackResource;

use super::{gone_is_fine, refused};
use crate::resources::{Made, Maker, Making, Properties, StackedResource};

/// An app client.
pub struct UserPoolClient;

const UNIT: Shape = Shape::OneOf(&["seconds", "minutes", "hours", "days"]);
const TEXTS: Shape = Shape::List(&Shape::Text);
const VALIDITY: Shape = Shape::Integer {
    minimum: 1,
    maximum: 315_360_000,
};

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::Cognito::UserPoolClient",
    properties: &[
        P::optional("AccessTokenValidity", VALIDITY),
        P::optional(
            "AllowedOAuthFlows",
            Shape::List(&Shape::OneOf(&["code", "implicit", "client_credentials"])),
        ),
        P::optional("AllowedOAuthFlowsUserPoolClient", Shape::Boolean),
        P::optional("AllowedOAuthScopes", TEXTS),
        P::refused("AnalyticsConfiguration", "there is no Pinpoint"),
        P::optional(
            "AuthSessionValidity",
            Shape::Integer {
                minimum: 3,
                maximum: 15,
            },
        ),
        P::optional("CallbackURLs", TEXTS),
        P::optional(
            "ClientName",
            Shape::TextLength {
                minimum: 1,
                maximum: 128,
            },
        ),
        P::optional("DefaultRedirectURI", Shape::Text),
        P::refused(
            "EnablePropagateAdditionalUserContextData",
            "threat protection is not there yet",
        ),
        P::optional("EnableTokenRevocation", Shape::Boolean),
        P::optional(
            "ExplicitAuthFlows",
            Shape::List(&Shape::OneOf(&[
                "ALLOW_ADMIN_USER_PASSWORD_AUTH",
                "ALLOW_CUSTOM_AUTH",
                "ALLOW_USER_PASSWORD_AUTH",
                "ALLOW_USER_SRP_AUTH",
                "ALLOW_REFRESH_TOKEN_AUTH",
                "ALLOW_USER_AUTH",
                "ADMIN_NO_SRP_AUTH",
                "CUSTOM_AUTH_FLOW_ONLY",
                "USER_PASSWORD_AUTH",
            ])),
        ),
        P::optional("GenerateSecret", Shape::Boolean).replaces(),
        P::optional("IdTokenValidity", VALIDITY),
        P::optional("LogoutURLs", TEXTS),
        P::optional("PreventUserExistenceErrors", Shape::OneOf(&["ENABLED", "LEGACY"])),
        P::optional("ReadAttributes", TEXTS),
        P::refused("RefreshTokenRotation", "refresh tokens are not rotated yet"),
        P::optional(
            "RefreshTokenValidity",
            Shape::Integer {
                minimum: 0,
                maximum: 315_360_000,
            },
        ),
        P::optional(
            "SupportedIdentityProviders",
            Shape::List(&Shape::OneOf(&["COGNITO"])),
        ),
        P::optional(
            "TokenValidityUnits",
            Shape::Object(&[
                P::optional("AccessToken", UNIT),
                P::optional("IdToken", UNIT),
                P::optional("RefreshToken", UNIT),
            ]),
        ),
        P::required("UserPoolId", Shape::Text).replaces(),
        P::optional("WriteAttributes", TEXTS),
    ],
    attributes: &["ClientId", "ClientSecret", "Name"],
};

fn options(properties: Properties<'_>, client_name: String) -> ClientOptions {
    let units = properties.object("TokenValidityUnits");
    let unit = |name| units.and_then(|units| units.string(name));
    ClientOptions {
        client_name: Some(client_name),
        refresh_token_validity: properties.number("RefreshTokenValidity"),
        access_token_validity: properties.number("AccessTokenValidity"),
        id_token_validity: properties.number("IdTokenValidity"),
        token_validity_units: TokenValidityUnits {
            access_token: unit("AccessToken"),
            id_token: unit("IdToken"),
            refresh_token: unit("RefreshToken"),
        },
        read_attributes: properties.texts("ReadAttributes"),
        write_attributes: properties.texts("WriteAttributes"),
        explicit_auth_flows: properties
            .value("ExplicitAuthFlows")
            .map(|_| properties.texts("ExplicitAuthFlows")),
        supported_identity_providers: properties.texts("SupportedIdentityProviders"),
        callback_urls: properties.texts("CallbackURLs"),
        logout_urls: properties.texts("LogoutURLs"),
        default_redirect_uri: properties.string("DefaultRedirectURI"),
        allowed_oauth_flows: properties.texts("AllowedOAuthFlows"),
        allowed_oauth_scopes: properties.texts("AllowedOAuthScopes"),
        allowed_oauth_flows_user_pool_client: properties
            .boolean("AllowedOAuthFlowsUserPoolClient")
            .unwrap_or(false),
        prevent_user_existence_errors: properties.string("PreventUserExistenceErrors"),
        enable_token_revocation: properties.boolean("EnableTokenRevocation"),
        auth_session_validity: properties.number("AuthSessionValidity"),
    }
}

/// The secret goes into the stack's record, which is sealed whole.
fn made(description: &ClientDescription) -> Made {
    let client = &description.client;
    let made = Made::named(client.client_id.as_str())
        .with("ClientId", client.client_id.as_str())
        .with("Name", client.client_name.as_str());
    match &description.client_secret {
        Some(secret) => made.with("ClientSecret", secret.expose()),
        None => made,
    }
}

impl StackedResource for UserPoolClient {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let name = properties
                .string("ClientName")
                .unwrap_or_else(|| maker.generated_name());
            let input = CreateUserPoolClient {
                user_pool_id: properties.text_or_empty("UserPoolId").to_owned(),
                generate_secret: properties.boolean("GenerateSecret").unwrap_or(false),
                client_secret: None,
                options: options(properties, name),
            };
            let client = maker.identity.create_user_pool_client(maker.scope, input);
            Ok(made(&client.await.map_err(refused)?))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let pool = properties.text_or_empty("UserPoolId");
            let old_name = before.attributes.get("Name").and_then(|name| name.as_str());
            let name = properties
                .string("ClientName")
                .or_else(|| old_name.map(str::to_owned));
            let options = options(properties, name.unwrap_or_else(|| maker.generated_name()));
            let changed =
                maker
                    .identity
                    .update_user_pool_client(maker.scope, pool, &before.reference, options);
            Ok(made(&changed.await.map_err(refused)?))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let pool = Properties::of(&made.properties).text_or_empty("UserPoolId");
            let gone = maker
                .identity
                .delete_user_pool_client(maker.scope, pool, &made.reference);
            gone_is_fine(gone.await)
        })
    }
}
