//! JWT and Lambda authorizers: <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers.html>
//!
//! AWS asks an issuer for its metadata when an authorizer is made; here it is asked with the first token, so that neither
//! has to be there first.

use portcullis_model::{
    ApiId, AuthorizerId,
    resources::apigatewayv2::{
        AuthorizerPayloadFormat, HttpAuthorizer, HttpAuthorizerKind, HttpRoute, JwtConfiguration,
        LambdaConfiguration,
    },
};
use portcullis_store::{Batch, Expect, kinds};
use serde::{Deserialize, Serialize};

use super::HttpApis;
use crate::{
    operation::AwsError,
    services::apigateway::{
        errors::{bad_request, conflict, unsupported},
        records::{Kept, Listed, Wanted, encode},
    },
};

/// Authorizers of one API, as AWS's quota.
pub(super) const AUTHORIZERS_MAX: usize = 10;
/// Audiences of one authorizer, as AWS's quota.
const AUDIENCES_MAX: usize = 50;

/// Seconds for which a function's result may be kept, at most.
const TTL_SECONDS_MAX: u32 = 3_600;

/// What a caller chooses about an authorizer.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorizerSettings {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub authorizer_type: String,
    #[serde(default)]
    pub identity_source: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt_configuration: Option<JwtConfiguration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_credentials_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_payload_format_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_result_ttl_in_seconds: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_simple_responses: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_validation_expression: Option<String>,
}

impl AuthorizerSettings {
    /// Returns the settings that `authorizer` has.
    pub fn of(authorizer: &HttpAuthorizer) -> Self {
        let common = Self {
            name: authorizer.name.clone(),
            identity_source: authorizer.identity_source.clone(),
            ..Self::default()
        };
        match &authorizer.kind {
            HttpAuthorizerKind::Jwt(settings) => Self {
                authorizer_type: "JWT".into(),
                jwt_configuration: Some(settings.clone()),
                ..common
            },
            HttpAuthorizerKind::Request(function) => Self {
                authorizer_type: "REQUEST".into(),
                authorizer_payload_format_version: Some(format_name(function.payload_format).into()),
                authorizer_result_ttl_in_seconds: Some(function.result_ttl_seconds),
                authorizer_uri: Some(function.authorizer_uri.clone()),
                enable_simple_responses: Some(function.enable_simple_responses),
                ..common
            },
        }
    }

    pub(super) fn build(self, authorizer_id: AuthorizerId) -> Result<HttpAuthorizer, AwsError> {
        if self.name.is_empty() || self.name.chars().count() > 128 {
            return Err(bad_request("Authorizer name must have 1 to 128 characters"));
        }
        if self.authorizer_credentials_arn.is_some() {
            return Err(unsupported(
                "authorizerCredentialsArn",
                "a function's own policy says who may invoke it: leave the credentials out and add a permission",
            ));
        }
        if self.identity_validation_expression.is_some() {
            return Err(unsupported(
                "identityValidationExpression",
                "authorizers of HTTP APIs have none, on AWS neither",
            ));
        }
        let kind = match self.authorizer_type.as_str() {
            "JWT" => HttpAuthorizerKind::Jwt(self.jwt()?),
            "REQUEST" => HttpAuthorizerKind::Request(self.request()?),
            _ => {
                return Err(bad_request(
                    "Invalid authorizer type specified. Valid options are REQUEST, JWT",
                ));
            }
        };
        Ok(HttpAuthorizer {
            authorizer_id,
            name: self.name,
            identity_source: self.identity_source,
            kind,
        })
    }

    fn jwt(&self) -> Result<JwtConfiguration, AwsError> {
        for (field, given) in [
            (
                "authorizerPayloadFormatVersion",
                self.authorizer_payload_format_version.is_some(),
            ),
            (
                "authorizerResultTtlInSeconds",
                self.authorizer_result_ttl_in_seconds.is_some(),
            ),
            ("authorizerUri", self.authorizer_uri.is_some()),
            ("enableSimpleResponses", self.enable_simple_responses.is_some()),
        ] {
            if given {
                return Err(unsupported(field, "it concerns Lambda authorizers"));
            }
        }
        let [source] = self.identity_source.as_slice() else {
            return Err(bad_request(
                "Exactly one identity source must be specified for a JWT authorizer",
            ));
        };
        let named = |prefix: &str| source.strip_prefix(prefix).is_some_and(|name| !name.is_empty());
        if !named("$request.header.") && !named("$request.querystring.") {
            return Err(bad_request(format!(
                "Invalid identity source specified: {source}. Use $request.header.NAME or $request.querystring.NAME"
            )));
        }
        let settings = self.jwt_configuration.clone().unwrap_or_default();
        let is_address = settings.issuer.starts_with("https://") || settings.issuer.starts_with("http://");
        if !is_address {
            return Err(bad_request(format!("Invalid issuer: {}", settings.issuer)));
        }
        if settings.audience.is_empty() || settings.audience.len() > AUDIENCES_MAX {
            return Err(bad_request(format!(
                "A JWT authorizer needs 1 to {AUDIENCES_MAX} audiences"
            )));
        }
        Ok(settings)
    }

    fn request(&self) -> Result<LambdaConfiguration, AwsError> {
        if self.jwt_configuration.is_some() {
            return Err(unsupported("jwtConfiguration", "it concerns JWT authorizers"));
        }
        let payload_format = match self.authorizer_payload_format_version.as_deref() {
            Some("1.0") => AuthorizerPayloadFormat::V1,
            Some("2.0") => AuthorizerPayloadFormat::V2,
            _ => {
                return Err(bad_request(
                    "AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer. Valid values are 1.0, 2.0",
                ));
            }
        };
        let enable_simple_responses = self.enable_simple_responses.unwrap_or_default();
        if enable_simple_responses && payload_format == AuthorizerPayloadFormat::V1 {
            return Err(bad_request(
                "EnableSimpleResponses needs the payload format version 2.0",
            ));
        }
        let known = [
            "$request.header.",
            "$request.querystring.",
            "$context.",
            "$stageVariables.",
        ];
        let named = |source: &&String| {
            let name = known.iter().find_map(|prefix| source.strip_prefix(prefix));
            name.is_some_and(|name| !name.is_empty())
        };
        if let Some(source) = self.identity_source.iter().find(|source| !named(source)) {
            return Err(bad_request(format!(
                "Invalid identity source specified: {source}"
            )));
        }
        // Off unless it is set, unlike with REST APIs.
        let result_ttl_seconds = self.authorizer_result_ttl_in_seconds.unwrap_or_default();
        if result_ttl_seconds > TTL_SECONDS_MAX {
            return Err(bad_request(format!(
                "Authorizer result TTL must be from 0 to {TTL_SECONDS_MAX} seconds"
            )));
        }
        if result_ttl_seconds > 0 && self.identity_source.is_empty() {
            return Err(bad_request(
                "Results are kept by identity: name at least one identity source, or set the TTL to 0",
            ));
        }
        let authorizer_uri = self.authorizer_uri.clone().unwrap_or_default();
        if authorizer_uri.is_empty() {
            return Err(bad_request("A REQUEST authorizer needs an authorizer URI"));
        }
        Ok(LambdaConfiguration {
            authorizer_uri,
            payload_format,
            enable_simple_responses,
            result_ttl_seconds,
        })
    }
}

/// Returns AWS's name of a format.
pub const fn format_name(format: AuthorizerPayloadFormat) -> &'static str {
    match format {
        AuthorizerPayloadFormat::V1 => "1.0",
        AuthorizerPayloadFormat::V2 => "2.0",
    }
}

impl HttpApis<'_> {
    /// Makes an authorizer.
    pub async fn create_authorizer(
        &self,
        api: &ApiId,
        settings: AuthorizerSettings,
    ) -> Result<HttpAuthorizer, AwsError> {
        self.api(api).await?;
        let authorizer = settings.build(AuthorizerId::from(self.0.entropy.lower_alphanumeric(6)))?;
        self.put_authorizer(api, authorizer, Expect::Absent).await
    }

    /// Returns an authorizer, or AWS's error when there is none.
    pub async fn authorizer(&self, api: &ApiId, id: &AuthorizerId) -> Result<Kept<HttpAuthorizer>, AwsError> {
        self.part(kinds::HTTP_API_AUTHORIZER, "Authorizer", api, id.as_str())
            .await
    }

    /// Returns a page of the authorizers of an API.
    pub async fn authorizers(
        &self,
        api: &ApiId,
        wanted: &Wanted,
    ) -> Result<Listed<HttpAuthorizer>, AwsError> {
        self.api(api).await?;
        self.0
            .page(kinds::HTTP_API_AUTHORIZER, &format!("{api}/"), wanted)
            .await
    }

    /// Gives an authorizer new settings.
    pub async fn replace_authorizer(
        &self,
        api: &ApiId,
        id: &AuthorizerId,
        settings: AuthorizerSettings,
    ) -> Result<HttpAuthorizer, AwsError> {
        let kept = self.authorizer(api, id).await?;
        let authorizer = settings.build(id.clone())?;
        self.put_authorizer(api, authorizer, Expect::Version(kept.version))
            .await
    }

    /// Deletes an authorizer that no route uses.
    pub async fn delete_authorizer(&self, api: &ApiId, id: &AuthorizerId) -> Result<(), AwsError> {
        let kept = self.authorizer(api, id).await?;
        let routes: Vec<HttpRoute> = self.0.all(kinds::HTTP_API_ROUTE, api).await?;
        if let Some(route) = routes
            .iter()
            .find(|route| route.authorizer_id.as_ref() == Some(id))
        {
            return Err(conflict(format!(
                "Cannot delete authorizer '{}', is referenced by the route '{}'",
                kept.value.name, route.route_key
            )));
        }
        let key = self.0.key(kinds::HTTP_API_AUTHORIZER, format!("{api}/{id}"));
        let batch = Batch::new().delete(key, Expect::Version(kept.version));
        self.commit_and_deploy(api, batch, |image| {
            image.authorizers.retain(|other| other.authorizer_id != *id);
        })
        .await
    }

    async fn put_authorizer(
        &self,
        api: &ApiId,
        authorizer: HttpAuthorizer,
        expect: Expect,
    ) -> Result<HttpAuthorizer, AwsError> {
        let others: Vec<HttpAuthorizer> = self.0.all(kinds::HTTP_API_AUTHORIZER, api).await?;
        let mut others = others
            .iter()
            .filter(|other| other.authorizer_id != authorizer.authorizer_id);
        if others.clone().count() >= AUTHORIZERS_MAX {
            return Err(AwsError::new(
                "LimitExceededException",
                429,
                format!("An API may have at most {AUTHORIZERS_MAX} authorizers"),
            ));
        }
        if others.any(|other| other.name == authorizer.name) {
            return Err(bad_request(format!(
                "Authorizer name must be unique. Authorizer {} already exists in this API.",
                authorizer.name
            )));
        }
        let id = format!("{api}/{}", authorizer.authorizer_id);
        let key = self.0.key(kinds::HTTP_API_AUTHORIZER, id);
        let batch = Batch::new().put(key, encode(&authorizer)?, expect);
        self.commit_and_deploy(api, batch, |image| {
            image
                .authorizers
                .retain(|other| other.authorizer_id != authorizer.authorizer_id);
            image.authorizers.push(authorizer.clone());
        })
        .await?;
        Ok(authorizer)
    }
}
