//! API Gateway REST APIs: <https://docs.aws.amazon.com/apigateway/latest/api/API_Operations.html>

mod integration;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{usage_plans::Throttle, vpc_links::VpcLink};
use crate::{ApiId, AuthorizerId, DeploymentId, ResourceId, Scope, StageName, Timestamp};

pub use integration::{
    Integration, IntegrationResponse, IntegrationType, PassthroughBehavior, ResponseTransferMode,
    default_timeout,
};

/// A REST API, without its parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestApi {
    pub id: ApiId,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    pub created_date: Timestamp,
    pub root_resource_id: ResourceId,
    /// `HEADER` or `AUTHORIZER`.
    pub api_key_source: String,
    /// `EDGE`, `REGIONAL` or `PRIVATE`.
    pub endpoint_types: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vpc_endpoint_ids: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub binary_media_types: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_compression_size: Option<u32>,
    #[serde(default)]
    pub disable_execute_api_endpoint: bool,
    /// The resource policy: JSON, its shorthand resources written out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

impl RestApi {
    /// Tells whether it is reached through VPC endpoints alone.
    pub fn is_private(&self) -> bool {
        self.endpoint_types.iter().any(|kind| kind == "PRIVATE")
    }
}

/// A path of a REST API and the methods on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    pub id: ResourceId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<ResourceId>,
    /// `hello`, `{id}` or `{proxy+}`; none on the root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_part: Option<String>,
    /// The whole path: `/pets/{id}`.
    pub path: String,
    /// By HTTP method, `ANY` among them.
    #[serde(
        default,
        rename = "resourceMethods",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub methods: BTreeMap<String, Method>,
}

/// Who may call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthorizationType {
    #[serde(rename = "NONE")]
    None,
    #[serde(rename = "AWS_IAM")]
    AwsIam,
    #[serde(rename = "CUSTOM")]
    Custom,
    #[serde(rename = "COGNITO_USER_POOLS")]
    CognitoUserPools,
    #[serde(rename = "JWT")]
    Jwt,
}

/// A method on a path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Method {
    pub http_method: String,
    pub authorization_type: AuthorizationType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_id: Option<AuthorizerId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_scopes: Vec<String>,
    #[serde(default)]
    pub api_key_required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_validator_id: Option<String>,
    /// `method.request.header.X` to whether it is required.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub request_parameters: BTreeMap<String, bool>,
    /// Content type to model name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub request_models: BTreeMap<String, String>,
    /// By status code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub method_responses: BTreeMap<String, MethodResponse>,
    #[serde(
        default,
        rename = "methodIntegration",
        skip_serializing_if = "Option::is_none"
    )]
    pub integration: Option<Integration>,
}

/// What a method may answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MethodResponse {
    pub status_code: String,
    /// `method.response.header.X` to whether it is required.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub response_parameters: BTreeMap<String, bool>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub response_models: BTreeMap<String, String>,
}

/// What an authorizer of a REST API is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthorizerType {
    Token,
    Request,
    CognitoUserPools,
    Jwt,
}

/// An authorizer of a REST API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorizer {
    pub id: AuthorizerId,
    pub name: String,
    #[serde(rename = "type")]
    pub authorizer_type: AuthorizerType,
    /// ARNs of user pools.
    #[serde(default, rename = "providerARNs", skip_serializing_if = "Vec::is_empty")]
    pub provider_arns: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_credentials: Option<String>,
    /// `method.request.header.Authorization`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_validation_expression: Option<String>,
    #[serde(
        default,
        rename = "authorizerResultTtlInSeconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub result_ttl_seconds: Option<u32>,
    /// Of the type `JWT` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt_configuration: Option<JwtConfiguration>,
}

/// Whose tokens an authorizer of the type `JWT` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JwtConfiguration {
    #[serde(default)]
    pub issuers: Vec<JwtIssuer>,
    /// For every issuer: `RS256`.
    #[serde(default)]
    pub default_algorithms: Vec<String>,
}

/// An issuer that is trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JwtIssuer {
    #[serde(default)]
    pub issuer: String,
    #[serde(default)]
    pub audiences: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub additional_claims: Vec<JwtAdditionalClaim>,
}

/// What an issuer's tokens must claim beside the usual.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JwtAdditionalClaim {
    #[serde(default)]
    pub claim_name: String,
    /// `SINGLE_STRING`
    #[serde(default)]
    pub format: String,
    #[serde(default)]
    pub required: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expected_values: Vec<String>,
}

/// A model: a JSON Schema with a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    pub content_type: String,
}

/// What of a request is checked before its integration is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestValidator {
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default)]
    pub validate_request_body: bool,
    #[serde(default)]
    pub validate_request_parameters: bool,
}

/// A customised answer for one kind of refusal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayResponse {
    /// `UNAUTHORIZED`, `DEFAULT_4XX`, …
    pub response_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<String>,
    /// `gatewayresponse.header.X` to a mapping expression.
    #[serde(default)]
    pub response_parameters: BTreeMap<String, String>,
    /// Content type to template.
    #[serde(default)]
    pub response_templates: BTreeMap<String, String>,
}

/// A whole API at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiImage {
    pub rest_api: RestApi,
    pub resources: Vec<Resource>,
    pub authorizers: Vec<Authorizer>,
    pub models: Vec<Model>,
    /// Images of before there were any have none.
    #[serde(default)]
    pub request_validators: Vec<RequestValidator>,
    pub gateway_responses: Vec<GatewayResponse>,
    /// Every link of the account, which stages may name by variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vpc_links: Vec<VpcLink>,
}

/// An immutable image of an API that stages point at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    pub id: DeploymentId,
    pub api_id: ApiId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub created_date: Timestamp,
    pub image: ApiImage,
}

/// What a stage says of one method, or of all. Metrics have no effect: every request is counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MethodSetting {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttling_burst_limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttling_rate_limit: Option<f64>,
    #[serde(default)]
    pub metrics_enabled: bool,
    #[serde(default)]
    pub data_trace_enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging_level: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caching_enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_ttl_in_seconds: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_data_encrypted: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_authorization_for_cache_control: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unauthorized_cache_control_header_strategy: Option<String>,
}

/// AWS's throttle of an account in a region; what a stage leaves out is this.
pub const ACCOUNT_THROTTLE: Throttle = Throttle {
    burst_limit: 5_000,
    rate_limit: 10_000.0,
};

impl MethodSetting {
    /// Returns the throttle, if there is one.
    pub fn throttle(&self) -> Option<Throttle> {
        if self.throttling_burst_limit.is_none() && self.throttling_rate_limit.is_none() {
            return None;
        }
        Some(Throttle {
            burst_limit: self
                .throttling_burst_limit
                .unwrap_or(ACCOUNT_THROTTLE.burst_limit),
            rate_limit: self.throttling_rate_limit.unwrap_or(ACCOUNT_THROTTLE.rate_limit),
        })
    }
}

/// A named way into a deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    pub api_id: ApiId,
    pub stage_name: StageName,
    pub deployment_id: DeploymentId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
    /// By method, `pets/{id}/GET` or `/GET` on the root; `*/*` for every method.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub method_settings: BTreeMap<String, MethodSetting>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_log_settings: Option<AccessLogSettings>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary_settings: Option<CanarySettings>,
    #[serde(default)]
    pub cache_cluster_enabled: bool,
    /// In gigabytes, as AWS writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_cluster_size: Option<String>,
    pub created_date: Timestamp,
    pub last_updated_date: Timestamp,
}

/// A second deployment of a stage, which a share of its requests meets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CanarySettings {
    pub deployment_id: DeploymentId,
    /// Of a hundred requests, so many.
    #[serde(default)]
    pub percent_traffic: f64,
    /// Over the stage's own variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stage_variable_overrides: BTreeMap<String, String>,
    #[serde(default)]
    pub use_stage_cache: bool,
}

/// Where a stage logs its requests, and in which format. Empty is what was not given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessLogSettings {
    #[serde(default)]
    pub destination_arn: String,
    #[serde(default)]
    pub format: String,
}

impl AccessLogSettings {
    /// Tells whether nothing was given: there is no log then.
    pub fn is_empty(&self) -> bool {
        self.destination_arn.is_empty() && self.format.is_empty()
    }
}

impl Stage {
    /// Returns the ARN under which other services know the stage; it has no account.
    pub fn arn(&self, scope: &Scope) -> String {
        format!(
            "arn:aws:apigateway:{}::/restapis/{}/stages/{}",
            scope.region, self.api_id, self.stage_name
        )
    }

    /// Returns the stage as the requests meet it that its canary takes; none without a canary.
    #[must_use]
    pub fn as_canary(&self) -> Option<Self> {
        let canary = self.canary_settings.clone()?;
        let mut stage = self.clone();
        stage.deployment_id = canary.deployment_id;
        stage.variables.extend(canary.stage_variable_overrides);
        stage.canary_settings = None;
        Some(stage)
    }

    /// Tells whether the stage or its canary points at a deployment.
    pub fn points_at(&self, deployment: &DeploymentId) -> bool {
        let canary = self.canary_settings.as_ref();
        self.deployment_id == *deployment || canary.is_some_and(|canary| canary.deployment_id == *deployment)
    }
}
