//! Who may call a method: <https://docs.aws.amazon.com/apigateway/latest/api/API_Authorizer.html>

use serde::{Deserialize, Serialize};

use crate::AuthorizerId;

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
