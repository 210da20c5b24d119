//! What `check` says of CORS: `*` on an API that asks for credentials lets the pages of every site read its answers.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-cors.html>. AWS accepts it, and so do we: a warning.

use portcullis_engines::cloudformation::{Node, ResourceTemplate, Template};
use portcullis_model::Problem;

const ORIGIN: &str = "access-control-allow-origin";

/// Warns of a method of a REST API that lets every origin in, on an API with a method that asks who calls.
pub(super) fn check_method(
    logical_id: &str,
    resource: &ResourceTemplate,
    template: &Template,
) -> Option<Problem> {
    let responses = resource
        .properties
        .member("Integration")?
        .member("IntegrationResponses")?
        .as_list()?;
    let node = responses
        .iter()
        .find_map(|response| any_origin(response.member("ResponseParameters")?))?;
    warning(
        node,
        logical_id,
        "Integration/IntegrationResponses",
        resource,
        template,
    )
}

/// Warns of a gateway response that lets every origin in, on such an API.
pub(super) fn check_gateway_response(
    logical_id: &str,
    resource: &ResourceTemplate,
    template: &Template,
) -> Option<Problem> {
    let node = any_origin(resource.properties.member("ResponseParameters")?)?;
    warning(node, logical_id, "ResponseParameters", resource, template)
}

/// Warns of an HTTP API that lets every origin in, with a route that asks who calls.
pub(super) fn check_http_api(
    logical_id: &str,
    resource: &ResourceTemplate,
    template: &Template,
) -> Option<Problem> {
    let origins = resource
        .properties
        .member("CorsConfiguration")?
        .member("AllowOrigins")?
        .as_list()?;
    let node = origins.iter().find(|origin| origin.scalar_text() == Some("*"))?;
    let guarded = guarded(template, "AWS::ApiGatewayV2::Route", "ApiId", logical_id)?;
    Some(problem(
        node,
        logical_id,
        "CorsConfiguration/AllowOrigins",
        guarded,
    ))
}

/// Finds the header that allows every origin.
fn any_origin(parameters: &Node) -> Option<&Node> {
    let members = parameters.as_map()?.iter();
    let mut values = members.filter(|(key, _)| key.text.to_ascii_lowercase().ends_with(ORIGIN));
    values
        .find(|(_, value)| value.scalar_text() == Some("'*'"))
        .map(|(_, value)| value)
}

fn warning(
    node: &Node,
    logical_id: &str,
    path: &str,
    resource: &ResourceTemplate,
    template: &Template,
) -> Option<Problem> {
    let api = reference(resource, "RestApiId")?;
    let guarded = guarded(template, "AWS::ApiGateway::Method", "RestApiId", api)?;
    Some(problem(node, logical_id, path, guarded))
}

/// Returns a method or route of the API that asks for credentials.
fn guarded<'t>(template: &'t Template, type_name: &str, member: &str, api: &str) -> Option<&'t str> {
    let found = template.resources.iter().find(|(_, other)| {
        let authorization = other
            .properties
            .member("AuthorizationType")
            .and_then(Node::scalar_text);
        let keyed = other
            .properties
            .member("ApiKeyRequired")
            .and_then(Node::scalar_text);
        other.resource_type == type_name
            && reference(other, member) == Some(api)
            && (authorization.is_some_and(|kind| kind != "NONE")
                || keyed.is_some_and(|text| text.eq_ignore_ascii_case("true")))
    });
    found.map(|(name, _)| name.as_str())
}

fn reference<'t>(resource: &'t ResourceTemplate, member: &str) -> Option<&'t str> {
    resource.properties.member(member)?.member("Ref")?.as_text()
}

fn problem(node: &Node, logical_id: &str, path: &str, guarded: &str) -> Problem {
    Problem::warning(
        Some(node.place),
        format!("Resources/{logical_id}/Properties/{path}"),
        format!(
            "`*` lets the pages of every site read what is answered, and `{guarded}` asks for credentials: name the origins"
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::stacks::check;

    fn warnings(text: &str) -> Vec<String> {
        let problems = check(text, &BTreeMap::new());
        problems
            .iter()
            .map(ToString::to_string)
            .filter(|text| text.contains("every site"))
            .collect()
    }

    fn rest(origin: &str, authorization: &str) -> String {
        format!(
            "
Resources:
  Api: {{Type: AWS::ApiGateway::RestApi, Properties: {{Name: a}}}}
  Path:
    Type: AWS::ApiGateway::Resource
    Properties: {{RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: a}}
  Options:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Path
      HttpMethod: OPTIONS
      AuthorizationType: NONE
      Integration:
        Type: MOCK
        IntegrationResponses:
          - StatusCode: 200
            ResponseParameters: {{method.response.header.Access-Control-Allow-Origin: \"'{origin}'\"}}
      MethodResponses: [{{StatusCode: 200, ResponseParameters: {{method.response.header.Access-Control-Allow-Origin: true}}}}]
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Path
      HttpMethod: GET
      AuthorizationType: {authorization}
      Integration: {{Type: MOCK, IntegrationResponses: [{{StatusCode: 200}}]}}
      MethodResponses: [{{StatusCode: 200}}]
  Refused:
    Type: AWS::ApiGateway::GatewayResponse
    Properties:
      RestApiId: !Ref Api
      ResponseType: DEFAULT_4XX
      ResponseParameters: {{gatewayresponse.header.Access-Control-Allow-Origin: \"'{origin}'\"}}
"
        )
    }

    #[test]
    fn every_origin_on_a_rest_api_with_credentials_is_warned_of() {
        let found = warnings(&rest("*", "AWS_IAM"));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found
                .iter()
                .all(|text| text.contains("`Get` asks for credentials")),
            "{found:?}"
        );
        assert!(warnings(&rest("*", "NONE")).is_empty());
        assert!(warnings(&rest("https://app.example", "AWS_IAM")).is_empty());
    }

    #[test]
    fn every_origin_on_an_http_api_with_credentials_is_warned_of() {
        let http = |origin: &str, authorization: &str| {
            format!(
                "
Resources:
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {{Name: a, ProtocolType: HTTP, CorsConfiguration: {{AllowOrigins: ['{origin}']}}}}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {{ApiId: !Ref Api, IntegrationType: HTTP_PROXY, IntegrationMethod: GET, IntegrationUri: 'http://127.0.0.1:1/', PayloadFormatVersion: '1.0'}}
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: {{ApiId: !Ref Api, RouteKey: GET /a, AuthorizationType: {authorization}, Target: !Sub 'integrations/${{Integration}}'}}
"
            )
        };
        assert_eq!(warnings(&http("*", "AWS_IAM")).len(), 1);
        assert!(warnings(&http("*", "NONE")).is_empty());
        assert!(warnings(&http("https://app.example", "AWS_IAM")).is_empty());
    }
}
