//! `AWS::ApiGatewayV2::Api`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-api.html>

use portcullis_engines::{
    cloudformation::{PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template},
    openapi::{BasePath, Members, http},
};
use portcullis_model::{
    ApiId, Problem,
    resources::{apigatewayv2::HttpApi, cloudformation::StackResource},
};

use super::{camel_case, gone_is_fine, http_apis};
use crate::{
    operation::AwsError,
    resources::{
        Made, Maker, Making, Properties, StackedResource, cors_check,
        openapi_body::{S3_LOCATION, body, check_body},
    },
    services::{
        apigateway::records::import::base_path,
        apigatewayv2::records::{api::ApiSettings, api_endpoint, import::ImportOptions},
    },
};

/// An HTTP API.
pub struct Api;

const CORS: &[P] = &[
    P::optional("AllowCredentials", Shape::Boolean),
    P::optional("AllowHeaders", Shape::List(&Shape::Text)),
    P::optional("AllowMethods", Shape::List(&Shape::Text)),
    P::optional("AllowOrigins", Shape::List(&Shape::Text)),
    P::optional("ExposeHeaders", Shape::List(&Shape::Text)),
    P::optional(
        "MaxAge",
        Shape::Integer {
            minimum: -1,
            maximum: 86_400,
        },
    ),
];

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGatewayV2::Api",
    properties: &[
        P::refused("ApiKeySelectionExpression", "it concerns WebSocket APIs"),
        P::optional("BasePath", Shape::OneOf(&["ignore", "prepend", "split"])),
        P::optional("Body", Shape::Json),
        P::optional("BodyS3Location", S3_LOCATION),
        P::optional("CorsConfiguration", Shape::Object(CORS)),
        P::refused("CredentialsArn", "it concerns quick create with a function"),
        P::optional("Description", Shape::Text),
        P::optional("DisableExecuteApiEndpoint", Shape::Boolean),
        P::refused("DisableSchemaValidation", "it concerns WebSocket APIs"),
        P::optional("FailOnWarnings", Shape::Boolean),
        P::optional("IpAddressType", Shape::OneOf(&["ipv4", "dualstack"])).inert("the listener decides"),
        P::optional(
            "Name",
            Shape::TextLength {
                minimum: 1,
                maximum: 128,
            },
        ),
        P::optional("ProtocolType", Shape::OneOf(&["HTTP"])).replaces(),
        P::optional("RouteKey", Shape::Text).replaces(),
        P::optional("RouteSelectionExpression", Shape::Text),
        P::optional("Tags", Shape::Tags),
        P::optional("Target", Shape::Text).replaces(),
        P::optional("Version", Shape::Text),
    ],
    attributes: &["ApiEndpoint", "ApiId"],
};

fn settings(properties: Properties<'_>) -> Result<ApiSettings, AwsError> {
    let mut settings: ApiSettings = properties.settings(&[
        ("Description", "description"),
        ("DisableExecuteApiEndpoint", "disableExecuteApiEndpoint"),
        ("Name", "name"),
        ("ProtocolType", "protocolType"),
        ("RouteSelectionExpression", "routeSelectionExpression"),
        ("Version", "version"),
    ])?;
    if let Some(cors) = properties.object("CorsConfiguration") {
        let names: Vec<&str> = CORS.iter().map(|property| property.name).collect();
        let cors = serde_json::from_value(camel_case(cors, &names));
        settings.cors_configuration =
            Some(cors.map_err(|cause| AwsError::validation(format!("CorsConfiguration: {cause}")))?);
    }
    settings.tags = properties.tags("Tags");
    Ok(settings)
}

/// Reads how a document is taken. What the template says itself stands above the document.
fn import_options(properties: Properties<'_>) -> Result<ImportOptions, AwsError> {
    if let Some(property) = ["RouteKey", "Target"]
        .into_iter()
        .find(|name| properties.value(name).is_some())
    {
        let message = format!("{property}: it makes an API quickly, without `Body`");
        return Err(AwsError::validation(message));
    }
    let own = serde_json::to_value(settings(properties)?).unwrap_or_default();
    let mut settings = Members::new();
    for (property, field) in [
        ("CorsConfiguration", "corsConfiguration"),
        ("Description", "description"),
        ("DisableExecuteApiEndpoint", "disableExecuteApiEndpoint"),
        ("Name", "name"),
        ("Tags", "tags"),
        ("Version", "version"),
    ] {
        if let Some(value) = properties.value(property).and_then(|_| own.get(field)) {
            settings.insert(field.to_owned(), value.clone());
        }
    }
    Ok(ImportOptions {
        base_path: base_path(properties.text("BasePath"))?,
        fail_on_warnings: properties.boolean("FailOnWarnings") == Some(true),
        settings,
    })
}

fn made(maker: &Maker<'_>, api: &HttpApi) -> Made {
    Made::named(api.api_id.as_str())
        .with("ApiId", api.api_id.as_str())
        .with("ApiEndpoint", api_endpoint(&api.api_id, maker.scope))
}

impl StackedResource for Api {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            if let Some(body) = body(properties, maker.buckets)? {
                let options = import_options(properties)?;
                let imported = http_apis(maker).import_api(body.source(), &options).await?;
                return Ok(made(maker, &imported.api));
            }
            let mut settings = settings(properties)?;
            settings.target = properties.string("Target");
            settings.route_key = properties.string("RouteKey");
            Ok(made(maker, &http_apis(maker).create_api(settings).await?))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let id = ApiId::from(before.reference.as_str());
            let changed = match body(properties, maker.buckets)? {
                Some(body) => {
                    let options = import_options(properties)?;
                    http_apis(maker)
                        .reimport_api(&id, body.source(), &options)
                        .await?
                        .api
                }
                None => http_apis(maker).replace_api(&id, settings(properties)?).await?,
            };
            Ok(made(maker, &changed))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let id = ApiId::from(made.reference.as_str());
            gone_is_fine(http_apis(maker).delete_api(&id).await)
        })
    }

    fn check(&self, logical_id: &str, resource: &ResourceTemplate, template: &Template) -> Vec<Problem> {
        if let Some(node) = resource.properties.member("Body") {
            return check_body(node, logical_id, |document| {
                http::plan(document, BasePath::default()).1
            });
        }
        let is_elsewhere = resource.properties.member("BodyS3Location").is_some();
        let needed: &[&str] = if is_elsewhere {
            &[]
        } else {
            &["Name", "ProtocolType"]
        };
        let missing = needed
            .iter()
            .filter(|name| resource.properties.member(name).is_none());
        missing
            .map(|name| {
                let path = format!("Resources/{logical_id}/Properties");
                let message = format!("`{name}` is missing: an API without `Body` needs it");
                Problem::error(Some(resource.properties.place), path, message)
            })
            .chain(cors_check::check_http_api(logical_id, resource, template))
            .collect()
    }
}
