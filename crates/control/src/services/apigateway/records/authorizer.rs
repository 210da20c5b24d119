//! Authorizers: <https://docs.aws.amazon.com/apigateway/latest/api/API_Authorizer.html>
//!
//! `COGNITO_USER_POOLS`, `JWT`, and functions: `TOKEN`, `REQUEST`. Whether the function and the sources of identity can be found
//! is known when the API is deployed.

use portcullis_engines::jwt::Algorithm;
use portcullis_model::{
    ApiId, AuthorizerId,
    arn::Arn,
    resources::apigateway::{Authorizer, AuthorizerType, JwtConfiguration, Resource},
};
use portcullis_store::{Expect, kinds};
use serde::{Deserialize, Serialize};

use super::{Apis, Kept, Listed, Wanted};
use crate::{
    operation::AwsError,
    services::apigateway::errors::{bad_request, conflict, not_found, unsupported},
};

/// Authorizers of one API, as AWS's quota.
const AUTHORIZERS_MAX: usize = 10;
/// Pools of one authorizer, as AWS's quota.
const PROVIDERS_MAX: usize = 1000;

/// What a caller chooses about an authorizer.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthorizerSettings {
    #[serde(default)]
    pub name: String,
    #[serde(default, rename = "type")]
    pub authorizer_type: String,
    #[serde(default, rename = "providerARNs")]
    pub provider_arns: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_type: Option<String>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_credentials: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt_configuration: Option<JwtConfiguration>,
}

impl AuthorizerSettings {
    /// Returns the settings that `authorizer` has.
    pub fn of(authorizer: &Authorizer) -> Self {
        Self {
            name: authorizer.name.clone(),
            authorizer_type: type_name(authorizer.authorizer_type).into(),
            provider_arns: authorizer.provider_arns.clone(),
            auth_type: authorizer.auth_type.clone(),
            identity_source: authorizer.identity_source.clone(),
            identity_validation_expression: authorizer.identity_validation_expression.clone(),
            result_ttl_seconds: authorizer.result_ttl_seconds,
            authorizer_uri: authorizer.authorizer_uri.clone(),
            authorizer_credentials: authorizer.authorizer_credentials.clone(),
            jwt_configuration: authorizer.jwt_configuration.clone(),
        }
    }

    /// Checks what needs no record; returns the kind of authorizer.
    fn check(&self) -> Result<AuthorizerType, AwsError> {
        let authorizer_type = match self.authorizer_type.as_str() {
            "COGNITO_USER_POOLS" => AuthorizerType::CognitoUserPools,
            "TOKEN" => AuthorizerType::Token,
            "REQUEST" => AuthorizerType::Request,
            "JWT" => AuthorizerType::Jwt,
            _ => {
                return Err(bad_request(
                    "Invalid authorizer type specified. Valid options are TOKEN, REQUEST, COGNITO_USER_POOLS, JWT",
                ));
            }
        };
        if self.name.is_empty() {
            return Err(bad_request("Authorizer name cannot be empty"));
        }
        if self.authorizer_credentials.is_some() {
            return Err(unsupported(
                "authorizerCredentials",
                "a function's own policy says who may invoke it: leave it out and add a permission",
            ));
        }
        self.check_ttl()?;
        if self.jwt_configuration.is_some() && authorizer_type != AuthorizerType::Jwt {
            return Err(bad_request(
                "JWT configuration can only be specified for JWT authorizers",
            ));
        }
        match authorizer_type {
            AuthorizerType::Jwt => self.check_jwt()?,
            AuthorizerType::CognitoUserPools if self.authorizer_uri.is_some() => {
                return Err(bad_request(
                    "Authorizer URI is not allowed for COGNITO_USER_POOLS authorizers",
                ));
            }
            AuthorizerType::CognitoUserPools => {
                self.check_providers()?;
                self.check_source()?;
            }
            AuthorizerType::Token => {
                self.check_function()?;
                self.check_source()?;
            }
            AuthorizerType::Request => {
                self.check_function()?;
                self.check_sources()?;
            }
        }
        Ok(authorizer_type)
    }

    /// What AWS has for other types is not supported; the configuration itself is judged with the API's deployment, where it is
    /// compiled.
    fn check_jwt(&self) -> Result<(), AwsError> {
        for (field, given) in [
            ("authorizerUri", self.authorizer_uri.is_some()),
            ("providerARNs", !self.provider_arns.is_empty()),
            ("authorizerResultTtlInSeconds", self.result_ttl_seconds.is_some()),
            (
                "identityValidationExpression",
                self.identity_validation_expression.is_some(),
            ),
        ] {
            if given {
                return Err(bad_request(format!("{field} is not allowed for JWT authorizers")));
            }
        }
        let header = self
            .identity_source
            .as_deref()
            .and_then(|source| source.strip_prefix("method.request.header."));
        if !header.is_some_and(is_header_name) {
            return Err(bad_request(
                "Invalid identity source specified: JWT authorizers need `method.request.header.` and the name of a header",
            ));
        }
        let settings = self
            .jwt_configuration
            .as_ref()
            .ok_or_else(|| bad_request("JWT configuration is required for JWT authorizers"))?;
        if settings.issuers.is_empty() || settings.default_algorithms.is_empty() {
            return Err(bad_request(
                "JWT configuration needs issuers and defaultAlgorithms",
            ));
        }
        let known = |name: &&String| Algorithm::ALL.iter().any(|known| known.to_string() == **name);
        match settings.default_algorithms.iter().find(|name| !known(name)) {
            Some(name) => Err(bad_request(format!(
                "Invalid signing algorithm specified: {name}"
            ))),
            None => Ok(()),
        }
    }

    fn check_function(&self) -> Result<(), AwsError> {
        if !self.provider_arns.is_empty() {
            return Err(bad_request(
                "Provider ARNs can only be specified for COGNITO_USER_POOLS authorizers",
            ));
        }
        let uri = self.authorizer_uri.as_deref().unwrap_or_default();
        let names_a_function = uri.starts_with("arn:aws:apigateway:")
            && uri.contains(":lambda:path/2015-03-31/functions/")
            && uri.ends_with("/invocations");
        if names_a_function {
            return Ok(());
        }
        Err(bad_request(format!(
            "Invalid Authorizer URI: {uri}. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation."
        )))
    }

    /// The sources of a request authorizer: none only where no result is kept.
    fn check_sources(&self) -> Result<(), AwsError> {
        let sources = self.identity_source.as_deref().unwrap_or_default();
        let mut sources = sources
            .split(',')
            .map(str::trim)
            .filter(|source| !source.is_empty())
            .peekable();
        if sources.peek().is_none() && self.result_ttl_seconds != Some(0) {
            return Err(bad_request(
                "Identity source is required for REQUEST authorizers with caching enabled",
            ));
        }
        if self
            .identity_validation_expression
            .as_deref()
            .is_some_and(|text| !text.is_empty())
        {
            return Err(bad_request(
                "Identity validation expression can only be specified for TOKEN authorizers",
            ));
        }
        let is_source = |source: &str| {
            source
                .strip_prefix("method.request.header.")
                .is_some_and(is_header_name)
                || ["method.request.querystring.", "stageVariables.", "context."]
                    .iter()
                    .any(|prefix| source.strip_prefix(prefix).is_some_and(|name| !name.is_empty()))
        };
        match sources.find(|source| !is_source(source)) {
            Some(source) => Err(bad_request(format!(
                "Invalid mapping expression specified: {source}. Use method.request.header.NAME, \
                 method.request.querystring.NAME, stageVariables.NAME or context.NAME"
            ))),
            None => Ok(()),
        }
    }

    fn check_providers(&self) -> Result<(), AwsError> {
        if self.provider_arns.is_empty() {
            return Err(bad_request(
                "Authorizer provider ARNs cannot be empty for COGNITO_USER_POOLS authorizers",
            ));
        }
        if self.provider_arns.len() > PROVIDERS_MAX {
            return Err(bad_request(format!(
                "An authorizer may have at most {PROVIDERS_MAX} provider ARNs"
            )));
        }
        let is_pool = |text: &String| {
            text.parse::<Arn>()
                .is_ok_and(|arn| arn.service == "cognito-idp" && arn.resource.starts_with("userpool/"))
        };
        match self.provider_arns.iter().find(|arn| !is_pool(arn)) {
            Some(arn) => Err(bad_request(format!(
                "Invalid Cognito User Pool ARN specified: {arn}"
            ))),
            None => Ok(()),
        }
    }

    fn check_source(&self) -> Result<(), AwsError> {
        let header = self
            .identity_source
            .as_deref()
            .and_then(|source| source.strip_prefix("method.request.header."));
        if !header.is_some_and(is_header_name) {
            return Err(bad_request(
                "Invalid identity source specified: COGNITO_USER_POOLS and TOKEN authorizers need `method.request.header.` and the name of a header",
            ));
        }
        if let Some(expression) = self.identity_validation_expression.as_deref() {
            regex::Regex::new(expression).map_err(|cause| {
                bad_request(format!(
                    "Invalid identity validation expression specified: {cause}"
                ))
            })?;
        }
        Ok(())
    }

    fn check_ttl(&self) -> Result<(), AwsError> {
        if self.result_ttl_seconds.is_some_and(|ttl| ttl > 3600) {
            return Err(bad_request(
                "Authorizer result ttl must be between 0 and 3600 seconds",
            ));
        }
        Ok(())
    }

    fn build(self, id: AuthorizerId) -> Result<Authorizer, AwsError> {
        let authorizer_type = self.check()?;
        let auth_type = match authorizer_type {
            AuthorizerType::CognitoUserPools => "cognito_user_pools",
            AuthorizerType::Token | AuthorizerType::Request => "custom",
            AuthorizerType::Jwt => "jwt",
        };
        Ok(Authorizer {
            id,
            name: self.name,
            authorizer_type,
            provider_arns: self.provider_arns,
            auth_type: Some(self.auth_type.unwrap_or_else(|| auth_type.into())),
            authorizer_uri: self.authorizer_uri,
            authorizer_credentials: None,
            identity_source: self.identity_source,
            identity_validation_expression: self
                .identity_validation_expression
                .filter(|text| !text.is_empty()),
            result_ttl_seconds: self.result_ttl_seconds,
            jwt_configuration: self.jwt_configuration,
        })
    }
}

fn type_name(authorizer_type: AuthorizerType) -> &'static str {
    match authorizer_type {
        AuthorizerType::CognitoUserPools => "COGNITO_USER_POOLS",
        AuthorizerType::Token => "TOKEN",
        AuthorizerType::Request => "REQUEST",
        AuthorizerType::Jwt => "JWT",
    }
}

/// RFC 9110, section 5.6.2: a header's name is a token.
pub(super) fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

impl Apis<'_> {
    /// Makes an authorizer.
    pub async fn create_authorizer(
        &self,
        api: &ApiId,
        settings: AuthorizerSettings,
    ) -> Result<Authorizer, AwsError> {
        self.rest_api(api).await?;
        let id = AuthorizerId::from(self.entropy.lower_alphanumeric(6));
        let authorizer = settings.build(id)?;
        self.refuse_same_name(api, &authorizer).await?;
        self.put_authorizer(api, &authorizer, Expect::Absent).await?;
        Ok(authorizer)
    }

    /// Returns an authorizer, or AWS's error when there is none.
    pub async fn authorizer(&self, api: &ApiId, id: &AuthorizerId) -> Result<Kept<Authorizer>, AwsError> {
        match self.find(kinds::API_AUTHORIZER, format!("{api}/{id}")).await? {
            Some(kept) => Ok(kept),
            None => {
                self.rest_api(api).await?;
                Err(not_found("Invalid Authorizer identifier specified"))
            }
        }
    }

    /// Returns a page of the authorizers of an API.
    pub async fn authorizers(&self, api: &ApiId, wanted: &Wanted) -> Result<Listed<Authorizer>, AwsError> {
        self.rest_api(api).await?;
        self.page(kinds::API_AUTHORIZER, &format!("{api}/"), wanted).await
    }

    /// Gives an authorizer new settings.
    pub async fn replace_authorizer(
        &self,
        api: &ApiId,
        id: &AuthorizerId,
        settings: AuthorizerSettings,
    ) -> Result<Authorizer, AwsError> {
        let kept = self.authorizer(api, id).await?;
        let authorizer = settings.build(id.clone())?;
        self.refuse_same_name(api, &authorizer).await?;
        let expect = Expect::Version(kept.version);
        self.put_authorizer(api, &authorizer, expect).await?;
        Ok(authorizer)
    }

    /// Deletes an authorizer that no method uses.
    pub async fn delete_authorizer(&self, api: &ApiId, id: &AuthorizerId) -> Result<(), AwsError> {
        let kept = self.authorizer(api, id).await?;
        let resources: Vec<Resource> = self.all(kinds::API_RESOURCE, api).await?;
        let mut methods = resources.iter().flat_map(|resource| resource.methods.values());
        if methods.any(|method| method.authorizer_id.as_ref() == Some(id)) {
            return Err(conflict(format!(
                "Cannot delete authorizer '{}', is referenced in a method",
                kept.value.name
            )));
        }
        self.remove(kinds::API_AUTHORIZER, format!("{api}/{id}"), kept.version)
            .await
    }

    async fn put_authorizer(
        &self,
        api: &ApiId,
        authorizer: &Authorizer,
        expect: Expect,
    ) -> Result<(), AwsError> {
        let id = format!("{api}/{}", authorizer.id);
        self.put(kinds::API_AUTHORIZER, id, authorizer, expect).await
    }

    async fn refuse_same_name(&self, api: &ApiId, authorizer: &Authorizer) -> Result<(), AwsError> {
        let others: Vec<Authorizer> = self.all(kinds::API_AUTHORIZER, api).await?;
        if others.iter().filter(|other| other.id != authorizer.id).count() >= AUTHORIZERS_MAX {
            return Err(AwsError::new(
                "LimitExceededException",
                429,
                "Maximum number of Authorizers for this API has been reached. Please contact AWS if you need additional Authorizers.",
            ));
        }
        if others
            .iter()
            .any(|other| other.name == authorizer.name && other.id != authorizer.id)
        {
            return Err(bad_request(format!(
                "Authorizer name must be unique. Authorizer {} already exists in this RestApi.",
                authorizer.name
            )));
        }
        Ok(())
    }
}
