//! `AWS::ApiGatewayV2::Api`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-api.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::{
    ApiId,
    resources::{apigatewayv2::HttpApi, cloudformation::StackResource},
};

use super::{camel_case, gone_is_fine, http_apis};
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigatewayv2::records::{api::ApiSettings, api_endpoint},
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
        P::refused("BasePath", "it concerns the import of `Body`"),
        P::refused(
            "Body",
            "write the routes as resources; OpenAPI is not imported yet",
        ),
        P::refused("BodyS3Location", "there is no S3 to read from"),
        P::optional("CorsConfiguration", Shape::Object(CORS)),
        P::refused("CredentialsArn", "it concerns quick create with a function"),
        P::optional("Description", Shape::Text),
        P::optional("DisableExecuteApiEndpoint", Shape::Boolean),
        P::refused("DisableSchemaValidation", "it concerns WebSocket APIs"),
        P::optional("FailOnWarnings", Shape::Boolean).inert("it concerns the import of `Body`"),
        P::optional("IpAddressType", Shape::OneOf(&["ipv4", "dualstack"])).inert("the listener decides"),
        P::required(
            "Name",
            Shape::TextLength {
                minimum: 1,
                maximum: 128,
            },
        ),
        P::required("ProtocolType", Shape::OneOf(&["HTTP"])).replaces(),
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
            let changed = http_apis(maker).replace_api(&id, settings(properties)?).await?;
            Ok(made(maker, &changed))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let id = ApiId::from(made.reference.as_str());
            gone_is_fine(http_apis(maker).delete_api(&id).await)
        })
    }
}
