//! JWT authorizers: <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers.html>
//!
//! AWS asks the issuer for its metadata when an authorizer is made; here it is asked with the first token, so that neither
//! has to be there first.

use portcullis_model::{
    ApiId, AuthorizerId,
    resources::apigatewayv2::{HttpRoute, JwtAuthorizer, JwtConfiguration},
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
const AUTHORIZERS_MAX: usize = 10;
/// Audiences of one authorizer, as AWS's quota.
const AUDIENCES_MAX: usize = 50;

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
}

impl AuthorizerSettings {
    /// Returns the settings that `authorizer` has.
    pub fn of(authorizer: &JwtAuthorizer) -> Self {
        Self {
            name: authorizer.name.clone(),
            authorizer_type: "JWT".into(),
            identity_source: vec![authorizer.identity_source.clone()],
            jwt_configuration: Some(authorizer.jwt_configuration.clone()),
        }
    }

    fn build(self, authorizer_id: AuthorizerId) -> Result<JwtAuthorizer, AwsError> {
        match self.authorizer_type.as_str() {
            "JWT" => {}
            "REQUEST" => {
                return Err(unsupported(
                    "authorizerType",
                    "Lambda authorizers of HTTP APIs are not there yet; use `JWT`",
                ));
            }
            _ => {
                return Err(bad_request(
                    "Invalid authorizer type specified. Valid options are REQUEST, JWT",
                ));
            }
        }
        if self.name.is_empty() || self.name.chars().count() > 128 {
            return Err(bad_request("Authorizer name must have 1 to 128 characters"));
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
        let settings = self.jwt_configuration.unwrap_or_default();
        let is_address = settings.issuer.starts_with("https://") || settings.issuer.starts_with("http://");
        if !is_address {
            return Err(bad_request(format!("Invalid issuer: {}", settings.issuer)));
        }
        if settings.audience.is_empty() || settings.audience.len() > AUDIENCES_MAX {
            return Err(bad_request(format!(
                "A JWT authorizer needs 1 to {AUDIENCES_MAX} audiences"
            )));
        }
        Ok(JwtAuthorizer {
            authorizer_id,
            name: self.name,
            identity_source: source.clone(),
            jwt_configuration: settings,
        })
    }
}

impl HttpApis<'_> {
    /// Makes an authorizer.
    pub async fn create_authorizer(
        &self,
        api: &ApiId,
        settings: AuthorizerSettings,
    ) -> Result<JwtAuthorizer, AwsError> {
        self.api(api).await?;
        let authorizer = settings.build(AuthorizerId::from(self.0.entropy.lower_alphanumeric(6)))?;
        self.put_authorizer(api, authorizer, Expect::Absent).await
    }

    /// Returns an authorizer, or AWS's error when there is none.
    pub async fn authorizer(&self, api: &ApiId, id: &AuthorizerId) -> Result<Kept<JwtAuthorizer>, AwsError> {
        self.part(kinds::HTTP_API_AUTHORIZER, "Authorizer", api, id.as_str())
            .await
    }

    /// Returns a page of the authorizers of an API.
    pub async fn authorizers(&self, api: &ApiId, wanted: &Wanted) -> Result<Listed<JwtAuthorizer>, AwsError> {
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
    ) -> Result<JwtAuthorizer, AwsError> {
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
        authorizer: JwtAuthorizer,
        expect: Expect,
    ) -> Result<JwtAuthorizer, AwsError> {
        let others: Vec<JwtAuthorizer> = self.0.all(kinds::HTTP_API_AUTHORIZER, api).await?;
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
