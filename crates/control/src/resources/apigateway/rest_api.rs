//! `AWS::ApiGateway::RestApi`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-restapi.html>

use portcullis_engines::cloudformation::{
    PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template,
};
use portcullis_model::{
    ApiId, Problem,
    resources::{apigateway, cloudformation::StackResource},
};

use super::{gone_is_fine, problem_at};
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource, literal_json},
    services::apigateway::records::{resource_policy, rest_api::RestApiSettings},
};

/// A REST API.
pub struct RestApi;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGateway::RestApi",
    properties: &[
        P::optional("ApiKeySourceType", Shape::OneOf(&["HEADER", "AUTHORIZER"])),
        P::optional("BinaryMediaTypes", Shape::List(&Shape::Text)).inert("bodies always pass as bytes"),
        P::refused(
            "Body",
            "write the paths as resources; OpenAPI is not imported yet",
        ),
        P::refused("BodyS3Location", "there is no S3 to read from"),
        P::refused("CloneFrom", "write the parts as resources"),
        P::optional("Description", Shape::Text),
        P::optional("DisableExecuteApiEndpoint", Shape::Boolean),
        P::refused("EndpointAccessMode", "the listener decides who may connect"),
        P::optional(
            "EndpointConfiguration",
            Shape::Object(&[
                P::optional(
                    "Types",
                    Shape::List(&Shape::OneOf(&["REGIONAL", "EDGE", "PRIVATE"])),
                ),
                P::optional("IpAddressType", Shape::OneOf(&["ipv4", "dualstack"]))
                    .inert("the listener decides"),
                P::optional("VpcEndpointIds", Shape::List(&Shape::Text)),
            ]),
        ),
        P::optional("FailOnWarnings", Shape::Boolean).inert("it concerns the import of `Body`"),
        P::optional(
            "MinimumCompressionSize",
            Shape::Integer {
                minimum: 0,
                maximum: 10_485_760,
            },
        ),
        P::refused("Mode", "it concerns the import of `Body`"),
        P::required(
            "Name",
            Shape::TextLength {
                minimum: 1,
                maximum: 1024,
            },
        ),
        P::refused("Parameters", "they concern the import of `Body`"),
        P::optional("Policy", Shape::Json),
        P::refused("SecurityPolicy", "the listener decides the TLS versions"),
        P::optional("Tags", Shape::Tags),
    ],
    attributes: &["RestApiId", "RootResourceId"],
};

fn settings(properties: Properties<'_>) -> Result<RestApiSettings, AwsError> {
    let mut settings: RestApiSettings = properties.settings(&[
        ("ApiKeySourceType", "apiKeySource"),
        ("BinaryMediaTypes", "binaryMediaTypes"),
        ("MinimumCompressionSize", "minimumCompressionSize"),
        ("Description", "description"),
        ("DisableExecuteApiEndpoint", "disableExecuteApiEndpoint"),
        ("Name", "name"),
    ])?;
    if let Some(endpoint) = properties.object("EndpointConfiguration") {
        let names = [
            ("Types", "types"),
            ("IpAddressType", "ipAddressType"),
            ("VpcEndpointIds", "vpcEndpointIds"),
        ];
        settings.endpoint_configuration = Some(endpoint.settings(&names)?);
    }
    settings.policy = properties.json_text("Policy");
    settings.tags = properties.tags("Tags");
    Ok(settings)
}

fn made(api: &apigateway::RestApi) -> Made {
    Made::named(api.id.as_str())
        .with("RestApiId", api.id.as_str())
        .with("RootResourceId", api.root_resource_id.as_str())
}

impl StackedResource for RestApi {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move { Ok(made(&maker.apis().create_rest_api(settings(properties)?).await?)) })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let id = ApiId::from(before.reference.as_str());
            Ok(made(
                &maker.apis().replace_rest_api(&id, settings(properties)?).await?,
            ))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let id = ApiId::from(made.reference.as_str());
            gone_is_fine(maker.apis().delete_rest_api(&id).await)
        })
    }

    fn check(&self, logical_id: &str, resource: &ResourceTemplate, _template: &Template) -> Vec<Problem> {
        let Some(node) = resource.properties.member("Policy") else {
            return Vec::new();
        };
        let wrong = literal_json(node).and_then(|document| resource_policy::check(&document).err());
        wrong
            .map(|cause| problem_at(node, logical_id, "Policy", cause))
            .into_iter()
            .collect()
    }
}
