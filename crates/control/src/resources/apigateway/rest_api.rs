//! `AWS::ApiGateway::RestApi`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-restapi.html>

use portcullis_engines::{
    cloudformation::{PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template},
    openapi::{BasePath, Document, Members, Options, rest},
};
use portcullis_model::{
    ApiId, Problem,
    resources::{apigateway, cloudformation::StackResource},
};

use super::{gone_is_fine, problem_at};
use crate::{
    operation::AwsError,
    resources::{
        Made, Maker, Making, Properties, StackedResource, literal_json,
        openapi_body::{S3_LOCATION, body, check_body},
    },
    services::apigateway::records::{
        import::{ImportOptions, Mode, base_path},
        resource_policy,
        rest_api::RestApiSettings,
    },
};

/// A REST API.
pub struct RestApi;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGateway::RestApi",
    properties: &[
        P::optional("ApiKeySourceType", Shape::OneOf(&["HEADER", "AUTHORIZER"])),
        P::optional("BinaryMediaTypes", Shape::List(&Shape::Text)).inert("bodies always pass as bytes"),
        P::optional("Body", Shape::Json),
        P::optional("BodyS3Location", S3_LOCATION),
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
        P::optional("FailOnWarnings", Shape::Boolean),
        P::optional(
            "MinimumCompressionSize",
            Shape::Integer {
                minimum: 0,
                maximum: 10_485_760,
            },
        ),
        P::optional("Mode", Shape::OneOf(&["merge", "overwrite"])),
        P::optional(
            "Name",
            Shape::TextLength {
                minimum: 1,
                maximum: 1024,
            },
        ),
        P::optional(
            "Parameters",
            Shape::Object(&[
                P::optional("basepath", Shape::OneOf(&["ignore", "prepend", "split"])),
                P::optional(
                    "endpointConfigurationTypes",
                    Shape::OneOf(&["EDGE", "REGIONAL", "PRIVATE"]),
                ),
                P::optional("ignore", Shape::OneOf(&["documentation"])),
            ]),
        ),
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

/// Reads how a document is taken. What the template says itself stands above the document.
fn import_options(properties: Properties<'_>) -> Result<ImportOptions, AwsError> {
    let parameters = properties.object("Parameters");
    let parameter = |name| parameters.and_then(|parameters| parameters.text(name));
    let own = serde_json::to_value(settings(properties)?).unwrap_or_default();
    let mut settings = Members::new();
    for (property, field) in [
        ("ApiKeySourceType", "apiKeySource"),
        ("BinaryMediaTypes", "binaryMediaTypes"),
        ("Description", "description"),
        ("DisableExecuteApiEndpoint", "disableExecuteApiEndpoint"),
        ("EndpointConfiguration", "endpointConfiguration"),
        ("MinimumCompressionSize", "minimumCompressionSize"),
        ("Name", "name"),
        ("Policy", "policy"),
        ("Tags", "tags"),
    ] {
        if let Some(value) = properties.value(property).and_then(|_| own.get(field)) {
            settings.insert(field.to_owned(), value.clone());
        }
    }
    Ok(ImportOptions {
        mode: match properties.text("Mode") {
            Some("merge") => Mode::Merge,
            _ => Mode::Overwrite,
        },
        base_path: base_path(parameter("basepath"))?,
        fail_on_warnings: properties.boolean("FailOnWarnings") == Some(true),
        endpoint_types: parameter("endpointConfigurationTypes")
            .map(str::to_owned)
            .into_iter()
            .collect(),
        settings,
    })
}

fn made(api: &apigateway::RestApi) -> Made {
    Made::named(api.id.as_str())
        .with("RestApiId", api.id.as_str())
        .with("RootResourceId", api.root_resource_id.as_str())
}

/// Says what is wrong with a document as a REST API.
fn problems_of(document: &Document) -> Vec<Problem> {
    let options = Options {
        api_id: "check",
        base_path: BasePath::default(),
    };
    rest::plan(document, &options).1
}

impl StackedResource for RestApi {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let api = match body(properties, maker.buckets)? {
                Some(body) => {
                    let options = import_options(properties)?;
                    maker.apis().import_rest_api(body.source(), &options).await?.api
                }
                None => maker.apis().create_rest_api(settings(properties)?).await?,
            };
            Ok(made(&api))
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
            let api = match body(properties, maker.buckets)? {
                Some(body) => {
                    let options = import_options(properties)?;
                    maker.apis().put_rest_api(&id, body.source(), &options).await?.api
                }
                None => maker.apis().replace_rest_api(&id, settings(properties)?).await?,
            };
            Ok(made(&api))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let id = ApiId::from(made.reference.as_str());
            gone_is_fine(maker.apis().delete_rest_api(&id).await)
        })
    }

    fn check(&self, logical_id: &str, resource: &ResourceTemplate, _template: &Template) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(node) = resource.properties.member("Policy") {
            let wrong = literal_json(node).and_then(|document| resource_policy::check(&document).err());
            problems.extend(wrong.map(|cause| problem_at(node, logical_id, "Policy", cause)));
        }
        match resource.properties.member("Body") {
            Some(node) => problems.extend(check_body(node, logical_id, problems_of)),
            None if ["Name", "BodyS3Location"]
                .iter()
                .all(|name| resource.properties.member(name).is_none()) =>
            {
                let message = "`Name` is missing: an API without `Body` needs one";
                let path = format!("Resources/{logical_id}/Properties");
                problems.push(Problem::error(Some(resource.properties.place), path, message));
            }
            None => {}
        }
        problems
    }
}
