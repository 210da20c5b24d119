//! `AWS::Events::Connection`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-events-connection.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_events::NewConnection;
use portcullis_model::{
    SecretText,
    resources::{
        cloudformation::StackResource,
        events::{Connection as Model, ConnectionAuthorization},
    },
};

use super::gone_is_fine;
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
};

/// A connection. Any change makes a new one, with a new webhook secret.
pub struct Connection;

static API_KEY: &[P] = &[
    P::required("ApiKeyName", Shape::Text),
    P::required("ApiKeyValue", Shape::Text),
];
static BASIC: &[P] = &[
    P::required("Password", Shape::Text),
    P::required("Username", Shape::Text),
];
static PARAMETERS: &[P] = &[
    P::optional("ApiKeyAuthParameters", Shape::Object(API_KEY)),
    P::optional("BasicAuthParameters", Shape::Object(BASIC)),
    P::refused("ConnectivityParameters", "private connectivity is not there"),
    P::refused(
        "InvocationHttpParameters",
        "further parameters of a delivery are not there",
    ),
    P::refused("OAuthParameters", "OAuth is not there: use `API_KEY` or `BASIC`"),
];

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::Events::Connection",
    properties: &[
        P::required("AuthParameters", Shape::Object(PARAMETERS)).replaces(),
        P::required("AuthorizationType", Shape::OneOf(&["API_KEY", "BASIC"])).replaces(),
        P::optional(
            "Description",
            Shape::TextLength {
                minimum: 0,
                maximum: 512,
            },
        )
        .replaces(),
        P::refused(
            "InvocationConnectivityParameters",
            "private connectivity is not there",
        ),
        P::refused(
            "KmsKeyIdentifier",
            "secrets are sealed under this installation's root key",
        ),
        P::optional(
            "Name",
            Shape::Pattern {
                expression: "[A-Za-z0-9._-]{1,64}",
                says: "1 to 64 letters, digits and `._-`",
            },
        )
        .replaces(),
    ],
    attributes: &["Arn", "ArnForPolicy", "SecretArn"],
};

fn made(connection: &Model) -> Made {
    let for_policy = connection
        .arn
        .rsplit_once('/')
        .map_or("", |(without_uuid, _)| without_uuid);
    Made::named(connection.name.as_str())
        .with("Arn", connection.arn.as_str())
        .with("ArnForPolicy", for_policy)
        .with("SecretArn", connection.secret_arn.as_str())
}

fn authorization_of(properties: Properties<'_>) -> Result<(ConnectionAuthorization, SecretText), AwsError> {
    let kind = properties.text_or_empty("AuthorizationType");
    let parameters = properties.object("AuthParameters");
    let part = |name: &str| parameters.and_then(|parameters| parameters.object(name));
    let secret = |part: Properties<'_>, name: &str| SecretText::new(part.text_or_empty(name).to_owned());
    match (kind, part("ApiKeyAuthParameters"), part("BasicAuthParameters")) {
        ("API_KEY", Some(key), None) => {
            let api_key_name = key.text_or_empty("ApiKeyName").to_owned();
            Ok((
                ConnectionAuthorization::ApiKey { api_key_name },
                secret(key, "ApiKeyValue"),
            ))
        }
        ("BASIC", None, Some(basic)) => {
            let username = basic.text_or_empty("Username").to_owned();
            Ok((
                ConnectionAuthorization::Basic { username },
                secret(basic, "Password"),
            ))
        }
        _ => Err(AwsError::new(
            "ValidationException",
            400,
            format!("`AuthParameters` must hold the parameters of `{kind}`, and no others"),
        )),
    }
}

impl StackedResource for Connection {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let (authorization, secret) = authorization_of(properties)?;
            let new = NewConnection {
                name: properties
                    .string("Name")
                    .unwrap_or_else(|| maker.generated_name()),
                description: properties.string("Description"),
                authorization,
                secret,
            };
            Ok(made(&maker.events().create_connection(new).await?))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        _properties: Properties<'a>,
    ) -> Making<'a, Made> {
        // Every property replaces.
        Box::pin(async move { Ok(made(&maker.events().connection(&before.reference).await?)) })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move { gone_is_fine(maker.events().delete_connection(&made.reference).await) })
    }
}
