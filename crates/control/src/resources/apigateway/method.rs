//! `AWS::ApiGateway::Method`, with its responses and its integration:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-method.html>

use portcullis_engines::{
    cloudformation::{
        Node, NodeKind, PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template,
    },
    vtl,
};
use portcullis_model::{
    Place, Problem, ResourceId,
    resources::{apigateway::TlsConfig, cloudformation::StackResource},
};

use super::{api_of, gone_is_fine, literal, problem_at};
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource, cors_check},
    services::apigateway::records::{
        integration::IntegrationSettings,
        integration_response::IntegrationResponseSettings,
        method::{MethodKey, MethodSettings},
        method_response::MethodResponseSettings,
    },
};

/// A method on a path.
pub struct Method;

const STATUS: Shape = Shape::Pattern {
    expression: "[1-5][0-9][0-9]",
    says: "a status of three digits",
};

const HANDLING: Shape = Shape::OneOf(&["CONVERT_TO_BINARY", "CONVERT_TO_TEXT"]);

const INTEGRATION: Shape = Shape::Object(&[
    P::optional("CacheKeyParameters", Shape::List(&Shape::Text)),
    P::optional("CacheNamespace", Shape::Text),
    P::optional("ConnectionId", Shape::Text),
    P::optional("ConnectionType", Shape::OneOf(&["INTERNET", "VPC_LINK"])),
    P::optional("ContentHandling", HANDLING),
    P::optional("Credentials", Shape::Text),
    P::optional("IntegrationHttpMethod", Shape::Text),
    P::optional(
        "IntegrationResponses",
        Shape::List(&Shape::Object(&[
            P::optional("ContentHandling", HANDLING),
            P::optional("ResponseParameters", Shape::MapOf(&Shape::Text)),
            P::optional("ResponseTemplates", Shape::MapOf(&Shape::Text)),
            P::optional("SelectionPattern", Shape::Text),
            P::required("StatusCode", STATUS),
        ])),
    ),
    P::refused(
        "IntegrationTarget",
        "a VPC link of a REST API leads to its own target",
    ),
    P::optional(
        "PassthroughBehavior",
        Shape::OneOf(&["WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"]),
    ),
    P::optional("RequestParameters", Shape::MapOf(&Shape::Text)),
    P::optional("RequestTemplates", Shape::MapOf(&Shape::Text)),
    P::optional("ResponseTransferMode", Shape::OneOf(&["BUFFERED", "STREAM"])),
    P::optional(
        "TlsConfig",
        Shape::Object(&[P::optional("InsecureSkipVerification", Shape::Boolean)]),
    ),
    P::optional(
        "TimeoutInMillis",
        Shape::Integer {
            minimum: 50,
            maximum: 900_000,
        },
    ),
    P::required(
        "Type",
        Shape::OneOf(&["MOCK", "HTTP", "HTTP_PROXY", "AWS", "AWS_PROXY"]),
    ),
    P::optional("Uri", Shape::Text),
]);

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGateway::Method",
    properties: &[
        P::optional("ApiKeyRequired", Shape::Boolean),
        P::optional("AuthorizationScopes", Shape::List(&Shape::Text)),
        P::optional(
            "AuthorizationType",
            Shape::OneOf(&["NONE", "AWS_IAM", "COGNITO_USER_POOLS", "CUSTOM", "JWT"]),
        ),
        P::optional("AuthorizerId", Shape::Text),
        P::required(
            "HttpMethod",
            Shape::OneOf(&["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"]),
        )
        .replaces(),
        P::optional("Integration", INTEGRATION),
        P::optional(
            "MethodResponses",
            Shape::List(&Shape::Object(&[
                P::optional("ResponseModels", Shape::MapOf(&Shape::Text)),
                P::optional("ResponseParameters", Shape::MapOf(&Shape::Boolean)),
                P::required("StatusCode", STATUS),
            ])),
        ),
        P::optional("OperationName", Shape::Text).inert("it is a label only, as on AWS"),
        P::optional("RequestModels", Shape::MapOf(&Shape::Text)),
        P::optional("RequestParameters", Shape::MapOf(&Shape::Boolean)),
        P::optional("RequestValidatorId", Shape::Text),
        P::required("ResourceId", Shape::Text).replaces(),
        P::required("RestApiId", Shape::Text).replaces(),
    ],
    attributes: &[],
};

fn key_of(properties: Properties<'_>) -> MethodKey {
    MethodKey {
        api: api_of(properties),
        resource: ResourceId::from(properties.text_or_empty("ResourceId")),
        http_method: properties.text_or_empty("HttpMethod").to_owned(),
    }
}

fn settings(properties: Properties<'_>) -> Result<MethodSettings, AwsError> {
    let mut settings: MethodSettings = properties.settings(&[
        ("ApiKeyRequired", "apiKeyRequired"),
        ("AuthorizationScopes", "authorizationScopes"),
        ("AuthorizationType", "authorizationType"),
        ("AuthorizerId", "authorizerId"),
        ("OperationName", "operationName"),
        ("RequestModels", "requestModels"),
        ("RequestParameters", "requestParameters"),
        ("RequestValidatorId", "requestValidatorId"),
    ])?;
    if settings.authorization_type.is_empty() {
        settings.authorization_type = "NONE".into();
    }
    Ok(settings)
}

/// Makes the responses and the integration of a method that has none.
async fn put_parts(maker: &Maker<'_>, key: &MethodKey, properties: Properties<'_>) -> Result<(), AwsError> {
    let apis = maker.apis();
    for response in properties.objects("MethodResponses") {
        let settings: MethodResponseSettings = response.settings(&[
            ("ResponseModels", "responseModels"),
            ("ResponseParameters", "responseParameters"),
        ])?;
        apis.put_method_response(key, response.text_or_empty("StatusCode"), settings)
            .await?;
    }
    let Some(integration) = properties.object("Integration") else {
        return Ok(());
    };
    let settings: IntegrationSettings = integration.settings(&[
        ("CacheKeyParameters", "cacheKeyParameters"),
        ("CacheNamespace", "cacheNamespace"),
        ("ConnectionId", "connectionId"),
        ("ConnectionType", "connectionType"),
        ("Credentials", "credentials"),
        ("IntegrationHttpMethod", "httpMethod"),
        ("PassthroughBehavior", "passthroughBehavior"),
        ("RequestParameters", "requestParameters"),
        ("RequestTemplates", "requestTemplates"),
        ("ResponseTransferMode", "responseTransferMode"),
        ("ContentHandling", "contentHandling"),
        ("TimeoutInMillis", "timeoutInMillis"),
        ("Type", "type"),
        ("Uri", "uri"),
    ])?;
    let settings = IntegrationSettings {
        tls_config: integration.object("TlsConfig").map(|tls| TlsConfig {
            insecure_skip_verification: tls.boolean("InsecureSkipVerification") == Some(true),
        }),
        ..settings
    };
    apis.put_integration(key, settings).await?;
    for response in integration.objects("IntegrationResponses") {
        let settings: IntegrationResponseSettings = response.settings(&[
            ("ResponseParameters", "responseParameters"),
            ("ResponseTemplates", "responseTemplates"),
            ("ContentHandling", "contentHandling"),
            ("SelectionPattern", "selectionPattern"),
        ])?;
        apis.put_integration_response(key, response.text_or_empty("StatusCode"), settings)
            .await?;
    }
    Ok(())
}

impl StackedResource for Method {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let key = key_of(properties);
            maker.apis().put_method(&key, settings(properties)?).await?;
            put_parts(maker, &key, properties).await?;
            Ok(Made::named(maker.generated_id()))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        // Nobody sees the gap: all of it is written with the stack, at once.
        Box::pin(async move {
            let key = key_of(properties);
            maker.apis().delete_method(&key).await?;
            maker.apis().put_method(&key, settings(properties)?).await?;
            put_parts(maker, &key, properties).await?;
            Ok(Made::named(before.reference.clone()))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let key = key_of(Properties::of(&made.properties));
            gone_is_fine(maker.apis().delete_method(&key).await)
        })
    }

    fn check(&self, logical_id: &str, resource: &ResourceTemplate, template: &Template) -> Vec<Problem> {
        let mut problems = check_templates(logical_id, resource);
        problems.extend(check_fit(logical_id, resource));
        problems.extend(check_tls(logical_id, resource));
        problems.extend(check_twice(logical_id, resource, template));
        problems.extend(cors_check::check_method(logical_id, resource, template));
        problems
    }
}

/// Checks what of a method must go together.
fn check_fit(logical_id: &str, resource: &ResourceTemplate) -> Vec<Problem> {
    let mut problems = Vec::new();
    let authorization = literal(resource, &["AuthorizationType"]);
    if let Some((node, kind @ ("COGNITO_USER_POOLS" | "JWT"))) = authorization
        && resource.properties.member("AuthorizerId").is_none()
    {
        let message = format!("`{kind}` needs an `AuthorizerId`");
        problems.push(problem_at(node, logical_id, "AuthorizationType", message));
    }
    let kind = literal(resource, &["Integration", "Type"]);
    if let Some((node, kind @ ("HTTP" | "HTTP_PROXY" | "AWS" | "AWS_PROXY"))) = kind {
        let has = |name| {
            resource
                .properties
                .member("Integration")
                .and_then(|integration| integration.member(name))
        };
        for name in ["Uri", "IntegrationHttpMethod"] {
            if has(name).is_none() {
                let message = format!("`{kind}` needs `{name}`");
                problems.push(problem_at(node, logical_id, "Integration/Type", message));
            }
        }
    }
    problems.extend(check_statuses(logical_id, resource));
    problems.extend(check_validated(logical_id, resource));
    problems
}

/// Warns of a backend that anybody with a certificate of his own making can stand in for.
fn check_tls(logical_id: &str, resource: &ResourceTemplate) -> Option<Problem> {
    let path = ["Integration", "TlsConfig", "InsecureSkipVerification"];
    let (node, text) = literal(resource, &path)?;
    text.eq_ignore_ascii_case("true").then(|| {
        let message = "whoever stands between the gateway and the backend can make a certificate that is accepted: \
                       let the backend have one of an authority that is trusted";
        let path = format!("Resources/{logical_id}/Properties/{}", path.join("/"));
        Problem::warning(Some(node.place), path, message)
    })
}

/// Warns of requirements that nothing checks: on AWS too they need a validator.
fn check_validated(logical_id: &str, resource: &ResourceTemplate) -> Vec<Problem> {
    if resource.properties.member("RequestValidatorId").is_some() {
        return Vec::new();
    }
    let is_required = |node: &Node| {
        node.scalar_text()
            .is_some_and(|text| text.eq_ignore_ascii_case("true"))
    };
    let asks = |name: &str| {
        let entries = resource.properties.member(name)?.as_map()?;
        // A path parameter is there whenever the path matches.
        let entry = entries.iter().find(|(key, node)| {
            name == "RequestModels" || (is_required(node) && !key.text.starts_with("method.request.path."))
        });
        entry.map(|(key, _)| key.place)
    };
    ["RequestModels", "RequestParameters"]
        .into_iter()
        .filter_map(|name| {
            let message = "is not checked without a `RequestValidatorId`: requests pass whatever they hold";
            let path = format!("Resources/{logical_id}/Properties/{name}");
            Some(Problem::warning(Some(asks(name)?), path, message))
        })
        .collect()
}

/// Says which integration responses have no method response.
fn check_statuses(logical_id: &str, resource: &ResourceTemplate) -> Vec<Problem> {
    let responses = |node: Option<&Node>| {
        node.and_then(Node::as_list)
            .map(<[Node]>::to_vec)
            .unwrap_or_default()
    };
    let declared = responses(resource.properties.member("MethodResponses"));
    let known: Option<Vec<&str>> = declared
        .iter()
        .map(|response| response.member("StatusCode")?.scalar_text())
        .collect();
    let Some(known) = known else {
        return Vec::new(); // an intrinsic: not judged
    };
    let integration = resource.properties.member("Integration");
    let answers = responses(integration.and_then(|node| node.member("IntegrationResponses")));
    let statuses = answers.iter().filter_map(|answer| answer.member("StatusCode"));
    statuses
        .filter_map(|node| Some((node, node.scalar_text()?)))
        .filter(|(_, status)| !known.contains(status))
        .map(|(node, status)| {
            let message = format!("there is no method response for `{status}`: add one to `MethodResponses`");
            problem_at(node, logical_id, "Integration/IntegrationResponses", message)
        })
        .collect()
}

/// Says that an earlier method stands on the same path already.
fn check_twice(logical_id: &str, resource: &ResourceTemplate, template: &Template) -> Option<Problem> {
    let place = |resource: &ResourceTemplate| {
        let properties = &resource.properties;
        let method = properties.member("HttpMethod")?.scalar_text()?.to_owned();
        Some((method, shape_of(properties.member("ResourceId")?)))
    };
    let own = place(resource)?;
    let earlier = template
        .resources
        .iter()
        .take_while(|(name, _)| *name != logical_id)
        .find(|(_, other)| {
            other.resource_type == "AWS::ApiGateway::Method"
                && other.condition.is_none()
                && place(other).as_ref() == Some(&own)
        })?;
    if resource.condition.is_some() {
        return None;
    }
    let message = format!(
        "`{}` has the method `{}` on this resource already",
        earlier.0, own.0
    );
    Some(Problem::error(
        Some(resource.place),
        format!("Resources/{logical_id}"),
        message,
    ))
}

/// Renders a node without its places, to compare two.
fn shape_of(node: &Node) -> String {
    match &node.kind {
        NodeKind::List(items) => items.iter().map(shape_of).collect::<Vec<_>>().join(","),
        NodeKind::Map(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| format!("{}={}", key.text, shape_of(value)));
            entries.collect::<Vec<_>>().join(";")
        }
        _ => node.scalar_text().unwrap_or("null").to_owned(),
    }
}

/// Parses the mapping templates that are literal texts.
fn check_templates(logical_id: &str, resource: &ResourceTemplate) -> Vec<Problem> {
    let Some(integration) = resource.properties.member("Integration") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    collect_templates(
        integration.member("RequestTemplates"),
        "Integration/RequestTemplates",
        &mut found,
    );
    let answers = integration
        .member("IntegrationResponses")
        .and_then(Node::as_list)
        .unwrap_or_default();
    for (index, answer) in answers.iter().enumerate() {
        let path = format!("Integration/IntegrationResponses/{index}/ResponseTemplates");
        collect_templates(answer.member("ResponseTemplates"), &path, &mut found);
    }
    let mut problems = Vec::new();
    for (path, node, text) in found {
        if let Err(wrong) = vtl::Template::parse(text) {
            problems.push(template_problem(logical_id, &path, node, text, &wrong));
        }
    }
    problems
}

fn collect_templates<'t>(
    templates: Option<&'t Node>,
    path: &str,
    found: &mut Vec<(String, &'t Node, &'t str)>,
) {
    for (key, node) in templates.and_then(Node::as_map).unwrap_or_default() {
        if let Some(text) = node.as_text() {
            found.push((format!("{path}/{}", key.text), node, text));
        }
    }
}

/// Maps a position inside a mapping template to the template file: exact for a text on one line; for a block the
/// line is exact as long as the block is a literal one, which begins on the line behind its `|`.
fn template_problem(
    logical_id: &str,
    path: &str,
    node: &Node,
    text: &str,
    wrong: &vtl::TemplateProblem,
) -> Problem {
    let (line, column) = (wrong.place.line, wrong.place.column);
    let is_block = text.contains('\n');
    let place = if is_block {
        Place {
            line: node.place.line.saturating_add(line),
            column,
        }
    } else {
        Place {
            line: node.place.line,
            column: node.place.column.saturating_add(column).saturating_sub(1),
        }
    };
    Problem::error(
        Some(place),
        format!("Resources/{logical_id}/Properties/{path}"),
        format!(
            "mapping template, line {line}, column {column}: {}",
            wrong.message
        ),
    )
}
