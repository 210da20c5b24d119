//! API Gateway HTTP APIs: <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/operations.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    apigateway::{AccessLogSettings, throttle_of},
    usage_plans::Throttle,
};
use crate::{ApiId, AuthorizerId, DeploymentId, Scope, StageName, Timestamp, is_token};

/// The stage that has no segment in the path.
pub const DEFAULT_STAGE: &str = "$default";
/// The route that takes what no other takes.
pub const DEFAULT_ROUTE: &str = "$default";

/// An HTTP API, without its parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpApi {
    pub api_id: ApiId,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    pub created_date: Timestamp,
    pub route_selection_expression: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors_configuration: Option<CorsConfiguration>,
    #[serde(default)]
    pub disable_execute_api_endpoint: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// Which pages of other origins may call an API, and what they may read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CorsConfiguration {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_credentials: Option<bool>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_headers: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_methods: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_origins: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expose_headers: Vec<String>,
    /// How long a browser may remember a preflight's answer, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i64>,
}

/// Who may call a route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RouteAuthorizationType {
    #[default]
    #[serde(rename = "NONE")]
    None,
    #[serde(rename = "JWT")]
    Jwt,
    /// What a function says.
    #[serde(rename = "CUSTOM")]
    Custom,
    /// Who signs and is allowed by his policies.
    #[serde(rename = "AWS_IAM")]
    AwsIam,
}

/// A route of an HTTP API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRoute {
    pub route_id: String,
    /// `GET /pets/{id}`, `ANY /{proxy+}` or `$default`.
    pub route_key: String,
    /// `integrations/{id}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    #[serde(default)]
    pub authorization_type: RouteAuthorizationType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_id: Option<AuthorizerId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_name: Option<String>,
}

/// What an integration of an HTTP API is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HttpIntegrationType {
    HttpProxy,
    AwsProxy,
}

/// What stands behind routes of an HTTP API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpIntegration {
    pub integration_id: String,
    pub integration_type: HttpIntegrationType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// One of HTTP's, or `ANY`: the caller's.
    pub integration_method: String,
    /// A private integration has the ARN of what its VPC link leads to.
    pub integration_uri: String,
    /// The VPC link of a private integration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    /// The name that its servers prove by TLS; none: clear text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name_to_verify: Option<String>,
    pub payload_format_version: String,
    #[serde(rename = "timeoutInMillis")]
    pub timeout_ms: u32,
    /// `overwrite:header.X` to a value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub request_parameters: BTreeMap<String, String>,
}

/// Whose tokens an authorizer takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JwtConfiguration {
    #[serde(default)]
    pub issuer: String,
    #[serde(default)]
    pub audience: Vec<String>,
}

/// Which payloads a Lambda authorizer is given and returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthorizerPayloadFormat {
    #[serde(rename = "1.0")]
    V1,
    #[serde(rename = "2.0")]
    V2,
}

/// Which function authorizes, and how it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LambdaConfiguration {
    /// `arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations`
    pub authorizer_uri: String,
    pub payload_format: AuthorizerPayloadFormat,
    /// The function answers `isAuthorized` instead of a policy; of format 2.0 alone.
    #[serde(default)]
    pub enable_simple_responses: bool,
    /// 0 keeps nothing.
    #[serde(default)]
    pub result_ttl_seconds: u32,
}

/// What an authorizer of an HTTP API judges by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HttpAuthorizerKind {
    #[serde(rename = "JWT")]
    Jwt(JwtConfiguration),
    #[serde(rename = "REQUEST")]
    Request(LambdaConfiguration),
}

/// An authorizer of an HTTP API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpAuthorizer {
    pub authorizer_id: AuthorizerId,
    pub name: String,
    /// `$request.header.X`, `$request.querystring.X`; for a function also `$context.X` and `$stageVariables.X`.
    #[serde(default)]
    pub identity_source: Vec<String>,
    pub kind: HttpAuthorizerKind,
}

/// A whole HTTP API at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpApiImage {
    pub api: HttpApi,
    pub routes: Vec<HttpRoute>,
    pub integrations: Vec<HttpIntegration>,
    pub authorizers: Vec<HttpAuthorizer>,
}

/// An immutable image of an HTTP API that stages point at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpDeployment {
    pub deployment_id: DeploymentId,
    pub api_id: ApiId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub created_date: Timestamp,
    pub auto_deployed: bool,
    pub image: HttpApiImage,
}

/// What a stage says of one route, or of all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteSetting {
    #[serde(default)]
    pub detailed_metrics_enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttling_burst_limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttling_rate_limit: Option<f64>,
    /// Of WebSocket APIs: only `false` is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_trace_enabled: Option<bool>,
    /// Of WebSocket APIs: only `OFF` is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging_level: Option<String>,
}

impl RouteSetting {
    /// Returns the throttle, if there is one.
    pub fn throttle(&self) -> Option<Throttle> {
        throttle_of(self.throttling_burst_limit, self.throttling_rate_limit)
    }
}

/// A named way into a deployment of an HTTP API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpStage {
    pub api_id: ApiId,
    pub stage_name: StageName,
    /// None until something was deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_id: Option<DeploymentId>,
    /// Every change of the API is deployed at once.
    #[serde(default)]
    pub auto_deploy: bool,
    /// Why the newest change could not be deployed; the last good deployment keeps serving.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_deployment_status_message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stage_variables: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_log_settings: Option<AccessLogSettings>,
    /// For each route without settings of its own.
    #[serde(default)]
    pub default_route_settings: RouteSetting,
    /// By route key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub route_settings: BTreeMap<String, RouteSetting>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    pub created_date: Timestamp,
    pub last_updated_date: Timestamp,
}

impl HttpStage {
    /// Returns the ARN under which other services know the stage; it has no account.
    pub fn arn(&self, scope: &Scope) -> String {
        format!(
            "arn:aws:apigateway:{}::/apis/{}/stages/{}",
            scope.region, self.api_id, self.stage_name
        )
    }
}

/// Values of one list of a CORS configuration, at most.
const CORS_VALUES_MAX: usize = 100;

/// A list of a configuration: its name, its values, what fits, and what to use.
type Checked<'a> = (&'static str, &'a [String], fn(&str) -> bool, &'static str);

impl CorsConfiguration {
    /// Checks what it says; the error names field and reason.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "*"];
        let lists: [Checked<'_>; 4] = [
            (
                "allowOrigins",
                &self.allow_origins,
                is_origin,
                "use `*`, `https://*`, `http://*` or an origin such as `https://example.com`",
            ),
            (
                "allowMethods",
                &self.allow_methods,
                |method| METHODS.contains(&method),
                "use a method of HTTP or `*`",
            ),
            (
                "allowHeaders",
                &self.allow_headers,
                |name| is_token(name),
                "use the name of a header or `*`",
            ),
            (
                "exposeHeaders",
                &self.expose_headers,
                |name| is_token(name),
                "use the name of a header or `*`",
            ),
        ];
        for (field, values, fits, advice) in lists {
            if values.len() > CORS_VALUES_MAX {
                return Err((field, format!("there are more than {CORS_VALUES_MAX} values")));
            }
            if let Some(value) = values.iter().find(|value| !fits(value)) {
                return Err((field, format!("`{value}`: {advice}")));
            }
        }
        if self.allow_credentials == Some(true) && self.allow_origins.iter().any(|origin| origin == "*") {
            return Err((
                "allowCredentials",
                "credentials are not for every origin: list origins instead of `*`".into(),
            ));
        }
        match self.max_age {
            Some(seconds) if !(-1..=86_400).contains(&seconds) => {
                Err(("maxAge", format!("`{seconds}` is not from -1 to 86400 seconds")))
            }
            _ => Ok(()),
        }
    }
}

/// `*`, `https://*`, or scheme, host and port, as the `Origin` field has them (RFC 6454 section 6.2).
fn is_origin(text: &str) -> bool {
    if ["*", "https://*", "http://*"].contains(&text) {
        return true;
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    let scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    text.split_once("://")
        .is_some_and(|(before, host)| scheme(before) && !host.is_empty() && host.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(origins: &[&str]) -> CorsConfiguration {
        CorsConfiguration {
            allow_origins: origins.iter().map(|origin| (*origin).to_owned()).collect(),
            ..CorsConfiguration::default()
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let mut credentials = of(&["*"]);
        credentials.allow_credentials = Some(true);
        assert_eq!(credentials.check().unwrap_err().0, "allowCredentials");
        for origin in [
            "https://a.example/path",
            "https://*.a.example",
            "a.example",
            "https://a\r\nx: y",
            "",
        ] {
            assert_eq!(of(&[origin]).check().unwrap_err().0, "allowOrigins", "{origin}");
        }
        let mut injected = of(&["*"]);
        injected.allow_headers = vec!["x\r\nset-cookie: a".into()];
        assert_eq!(injected.check().unwrap_err().0, "allowHeaders");
        let mut long = of(&["*"]);
        long.max_age = Some(86_401);
        assert_eq!(long.check().unwrap_err().0, "maxAge");
    }
}
