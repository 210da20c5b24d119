//! API Gateway REST APIs: <https://docs.aws.amazon.com/apigateway/latest/api/API_Operations.html>

mod authorizer;
mod client_certificate;
mod integration;
mod stage;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::vpc_links::VpcLink;
use crate::{ApiId, AuthorizerId, DeploymentId, ResourceId, Timestamp};

pub use authorizer::{Authorizer, AuthorizerType, JwtAdditionalClaim, JwtConfiguration, JwtIssuer};
pub use client_certificate::{ClientCertificate, client_key_purpose};
pub use integration::{
    Integration, IntegrationResponse, IntegrationType, PassthroughBehavior, ResponseTransferMode, TlsConfig,
    default_timeout,
};
pub(in crate::resources) use stage::throttle_of;
pub use stage::{ACCOUNT_THROTTLE, AccessLogSettings, CanarySettings, MethodSetting, Stage};

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
