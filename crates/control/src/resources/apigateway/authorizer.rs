//! `AWS::ApiGateway::Authorizer`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-authorizer.html>

use portcullis_engines::cloudformation::{
    PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template,
};
use portcullis_model::{
    AuthorizerId, Problem, Severity,
    resources::{
        apigateway::{JwtConfiguration, JwtIssuer},
        cloudformation::StackResource,
    },
};

use super::{api_of, gone_is_fine, literal, problem_at};
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigateway::records::authorizer::AuthorizerSettings,
};

/// An authorizer of a REST API.
pub struct Authorizer;

const JWT_CONFIGURATION: Shape = Shape::Object(&[
    P::required("DefaultAlgorithms", Shape::List(&Shape::Text)),
    P::required(
        "Issuers",
        Shape::List(&Shape::Object(&[
            P::optional(
                "AdditionalClaims",
                Shape::List(&Shape::Object(&[
                    P::required("ClaimName", Shape::Text),
                    P::optional("ExpectedValues", Shape::List(&Shape::Text)),
                    P::required("Format", Shape::OneOf(&["SINGLE_STRING"])),
                    P::optional("Required", Shape::Boolean),
                ])),
            ),
            P::required("Audiences", Shape::List(&Shape::Text)),
            P::required("Issuer", Shape::Text),
        ])),
    ),
]);

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGateway::Authorizer",
    properties: &[
        P::optional("AuthType", Shape::Text).inert("it is a label only, as on AWS"),
        P::refused(
            "AuthorizerCredentials",
            "a function's own policy says who may invoke it: leave it out and add a permission",
        ),
        P::optional(
            "AuthorizerResultTtlInSeconds",
            Shape::Integer {
                minimum: 0,
                maximum: 3600,
            },
        ),
        P::optional("AuthorizerUri", Shape::Text),
        P::optional("IdentitySource", Shape::Text),
        P::optional("IdentityValidationExpression", Shape::Text),
        P::optional("JwtConfiguration", JWT_CONFIGURATION),
        P::required(
            "Name",
            Shape::TextLength {
                minimum: 1,
                maximum: 128,
            },
        ),
        P::optional("ProviderARNs", Shape::List(&Shape::Text)),
        P::required("RestApiId", Shape::Text).replaces(),
        P::required(
            "Type",
            Shape::OneOf(&["COGNITO_USER_POOLS", "TOKEN", "REQUEST", "JWT"]),
        ),
    ],
    attributes: &["AuthorizerId"],
};

fn jwt_configuration(properties: Properties<'_>) -> Result<JwtConfiguration, AwsError> {
    let mut issuers = Vec::new();
    for issuer in properties.objects("Issuers") {
        let claims = issuer.objects("AdditionalClaims").map(|claim| {
            claim.settings(&[
                ("ClaimName", "claimName"),
                ("ExpectedValues", "expectedValues"),
                ("Format", "format"),
                ("Required", "required"),
            ])
        });
        issuers.push(JwtIssuer {
            issuer: issuer.text_or_empty("Issuer").to_owned(),
            audiences: issuer.texts("Audiences"),
            additional_claims: claims.collect::<Result<_, _>>()?,
        });
    }
    Ok(JwtConfiguration {
        issuers,
        default_algorithms: properties.texts("DefaultAlgorithms"),
    })
}

fn settings(properties: Properties<'_>) -> Result<AuthorizerSettings, AwsError> {
    let mut settings: AuthorizerSettings = properties.settings(&[
        ("AuthType", "authType"),
        ("AuthorizerResultTtlInSeconds", "authorizerResultTtlInSeconds"),
        ("AuthorizerUri", "authorizerUri"),
        ("IdentitySource", "identitySource"),
        ("IdentityValidationExpression", "identityValidationExpression"),
        ("Name", "name"),
        ("ProviderARNs", "providerARNs"),
        ("Type", "type"),
    ])?;
    let configuration = properties.object("JwtConfiguration");
    settings.jwt_configuration = configuration.map(jwt_configuration).transpose()?;
    Ok(settings)
}

fn made(id: &str) -> Made {
    Made::named(id).with("AuthorizerId", id)
}

impl StackedResource for Authorizer {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let settings = settings(properties)?;
            let authorizer = maker
                .apis()
                .create_authorizer(&api_of(properties), settings)
                .await?;
            Ok(made(authorizer.id.as_str()))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let id = AuthorizerId::from(before.reference.as_str());
            let settings = settings(properties)?;
            maker
                .apis()
                .replace_authorizer(&api_of(properties), &id, settings)
                .await?;
            Ok(made(id.as_str()))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let api = api_of(Properties::of(&made.properties));
            let id = AuthorizerId::from(made.reference.as_str());
            gone_is_fine(maker.apis().delete_authorizer(&api, &id).await)
        })
    }

    fn check(&self, logical_id: &str, resource: &ResourceTemplate, _template: &Template) -> Vec<Problem> {
        let property = |name: &str| resource.properties.member(name);
        let Some((node, kind)) = literal(resource, &["Type"]) else {
            return Vec::new();
        };
        let is_cognito = kind == "COGNITO_USER_POOLS";
        let needed = match kind {
            "COGNITO_USER_POOLS" => "ProviderARNs",
            "JWT" => "JwtConfiguration",
            _ => "AuthorizerUri",
        };
        let mut problems = Vec::new();
        if property(needed).is_none() {
            problems.push(problem_at(
                node,
                logical_id,
                needed,
                format!("`{kind}` needs `{needed}`"),
            ));
        }
        if is_cognito && let Some(ttl) = property("AuthorizerResultTtlInSeconds") {
            problems.push(Problem {
                severity: Severity::Inert,
                ..problem_at(
                    ttl,
                    logical_id,
                    "AuthorizerResultTtlInSeconds",
                    "has no effect on user pools: verified tokens are remembered until they expire",
                )
            });
        }
        problems
    }
}
