//! Routes: <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-routes.html>

use portcullis_model::{
    ApiId, AuthorizerId,
    resources::apigatewayv2::{
        DEFAULT_ROUTE, HttpAuthorizer, HttpAuthorizerKind, HttpIntegration, HttpRoute, RouteAuthorizationType,
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

/// Routes of one API, as AWS's quota.
pub(super) const ROUTES_MAX: usize = 300;
/// Scopes of one route, as AWS's quota.
const SCOPES_MAX: usize = 10;
const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"];

/// What a caller chooses about a route.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteSettings {
    #[serde(default)]
    pub route_key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_id: Option<AuthorizerId>,
    #[serde(default)]
    pub authorization_scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_name: Option<String>,
    #[serde(default)]
    pub api_key_required: bool,
}

impl RouteSettings {
    /// Returns the settings that `route` has.
    pub fn of(route: &HttpRoute) -> Self {
        Self {
            route_key: route.route_key.clone(),
            target: route.target.clone(),
            authorization_type: Some(authorization_name(route.authorization_type).into()),
            authorizer_id: route.authorizer_id.clone(),
            authorization_scopes: route.authorization_scopes.clone(),
            operation_name: route.operation_name.clone(),
            api_key_required: false,
        }
    }

    /// Returns the route that has these settings.
    pub(super) fn build(self, route_id: String) -> Result<HttpRoute, AwsError> {
        check_key(&self.route_key)?;
        if self.api_key_required {
            return Err(unsupported(
                "apiKeyRequired",
                "routes of HTTP APIs have no API keys, on AWS neither",
            ));
        }
        let authorization_type = match self.authorization_type.as_deref() {
            None | Some("NONE") => RouteAuthorizationType::None,
            Some("JWT") => RouteAuthorizationType::Jwt,
            Some("CUSTOM") => RouteAuthorizationType::Custom,
            Some("AWS_IAM") => RouteAuthorizationType::AwsIam,
            Some(_) => {
                return Err(bad_request(
                    "Invalid authorization type specified. Valid options are NONE, AWS_IAM, CUSTOM, JWT",
                ));
            }
        };
        let is_jwt = authorization_type == RouteAuthorizationType::Jwt;
        if wants_authorizer(authorization_type) != self.authorizer_id.is_some() {
            return Err(if wants_authorizer(authorization_type) {
                invalid_authorizer(authorization_type)
            } else {
                let name = authorization_name(authorization_type);
                bad_request(format!(
                    "An authorizer has no effect on a route of authorization type {name}"
                ))
            });
        }
        if !is_jwt && !self.authorization_scopes.is_empty() {
            return Err(bad_request(
                "Authorization Scopes are only valid for the JWT authorization type",
            ));
        }
        if self.authorization_scopes.len() > SCOPES_MAX {
            return Err(bad_request(format!(
                "A route may have at most {SCOPES_MAX} scopes"
            )));
        }
        // A scope goes into the challenge of a refusal (RFC 6750 section 3).
        let is_scope = |scope: &String| {
            let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
            !scope.is_empty() && scope.len() <= 64 && scope.bytes().all(plain)
        };
        if let Some(scope) = self.authorization_scopes.iter().find(|scope| !is_scope(scope)) {
            return Err(bad_request(format!(
                "Invalid authorization scope specified: {scope}"
            )));
        }
        Ok(HttpRoute {
            route_id,
            route_key: self.route_key,
            target: self.target,
            authorization_type,
            authorizer_id: self.authorizer_id,
            authorization_scopes: self.authorization_scopes,
            operation_name: self.operation_name,
        })
    }
}

/// Returns AWS's name of a type.
pub const fn authorization_name(authorization: RouteAuthorizationType) -> &'static str {
    match authorization {
        RouteAuthorizationType::None => "NONE",
        RouteAuthorizationType::Jwt => "JWT",
        RouteAuthorizationType::Custom => "CUSTOM",
        RouteAuthorizationType::AwsIam => "AWS_IAM",
    }
}

const fn wants_authorizer(authorization: RouteAuthorizationType) -> bool {
    matches!(
        authorization,
        RouteAuthorizationType::Jwt | RouteAuthorizationType::Custom
    )
}

fn invalid_authorizer(authorization: RouteAuthorizationType) -> AwsError {
    let (name, kind) = match authorization {
        RouteAuthorizationType::Custom => ("CUSTOM", "REQUEST"),
        _ => ("JWT", "JWT"),
    };
    bad_request(format!(
        "Invalid authorizer ID specified. Setting the authorization type to {name} requires a valid {kind} authorizer."
    ))
}

fn check_key(key: &str) -> Result<(), AwsError> {
    let named = key.split_once(' ').is_some_and(|(method, path)| {
        METHODS.contains(&method) && path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic())
    });
    if key == DEFAULT_ROUTE || named {
        return Ok(());
    }
    Err(bad_request(
        "The provided route key is not formatted properly for HTTP protocol. Format should be \"<HTTP METHOD> /<RESOURCE PATH>\" or \"$default\"",
    ))
}

/// Refuses a route whose authorizer is not there, or of another kind than the route wants.
pub(super) fn fits(route: &HttpRoute, authorizer: Option<&HttpAuthorizer>) -> Result<(), AwsError> {
    let is_jwt = route.authorization_type == RouteAuthorizationType::Jwt;
    let kind_fits =
        authorizer.is_some_and(|authorizer| matches!(authorizer.kind, HttpAuthorizerKind::Jwt(_)) == is_jwt);
    if route.authorizer_id.is_none() || kind_fits {
        Ok(())
    } else {
        Err(invalid_authorizer(route.authorization_type))
    }
}

impl HttpApis<'_> {
    /// Makes a route.
    pub async fn create_route(&self, api: &ApiId, settings: RouteSettings) -> Result<HttpRoute, AwsError> {
        self.api(api).await?;
        let route = settings.build(self.0.entropy.lower_alphanumeric(7))?;
        self.check_route(api, &route).await?;
        self.put_route(api, route, Expect::Absent).await
    }

    /// Returns a route, or AWS's error when there is none.
    pub async fn route(&self, api: &ApiId, id: &str) -> Result<Kept<HttpRoute>, AwsError> {
        self.part(kinds::HTTP_API_ROUTE, "Route", api, id).await
    }

    /// Returns a page of the routes of an API.
    pub async fn routes(&self, api: &ApiId, wanted: &Wanted) -> Result<Listed<HttpRoute>, AwsError> {
        self.api(api).await?;
        self.0
            .page(kinds::HTTP_API_ROUTE, &format!("{api}/"), wanted)
            .await
    }

    /// Gives a route new settings.
    pub async fn replace_route(
        &self,
        api: &ApiId,
        id: &str,
        settings: RouteSettings,
    ) -> Result<HttpRoute, AwsError> {
        let kept = self.route(api, id).await?;
        let route = settings.build(id.to_owned())?;
        self.check_route(api, &route).await?;
        self.put_route(api, route, Expect::Version(kept.version)).await
    }

    /// Deletes a route.
    pub async fn delete_route(&self, api: &ApiId, id: &str) -> Result<(), AwsError> {
        let kept = self.route(api, id).await?;
        let key = self.0.key(kinds::HTTP_API_ROUTE, format!("{api}/{id}"));
        let batch = Batch::new().delete(key, Expect::Version(kept.version));
        self.commit_and_deploy(api, batch, |image| {
            image.routes.retain(|route| route.route_id != id)
        })
        .await
    }

    async fn put_route(&self, api: &ApiId, route: HttpRoute, expect: Expect) -> Result<HttpRoute, AwsError> {
        let key = self
            .0
            .key(kinds::HTTP_API_ROUTE, format!("{api}/{}", route.route_id));
        let batch = Batch::new().put(key, encode(&route)?, expect);
        self.commit_and_deploy(api, batch, |image| {
            image.routes.retain(|other| other.route_id != route.route_id);
            image.routes.push(route.clone());
        })
        .await?;
        Ok(route)
    }

    /// Refuses a route whose key is taken, or that names what is not there.
    async fn check_route(&self, api: &ApiId, route: &HttpRoute) -> Result<(), AwsError> {
        let others: Vec<HttpRoute> = self.0.all(kinds::HTTP_API_ROUTE, api).await?;
        let mut others = others.iter().filter(|other| other.route_id != route.route_id);
        if others.clone().count() >= ROUTES_MAX {
            return Err(AwsError::new(
                "LimitExceededException",
                429,
                format!("An API may have at most {ROUTES_MAX} routes"),
            ));
        }
        if others.any(|other| other.route_key == route.route_key) {
            return Err(conflict(format!(
                "Route with key {} already exists for this API",
                route.route_key
            )));
        }
        if let Some(target) = &route.target {
            let id = target.strip_prefix("integrations/").unwrap_or_default();
            let found: Option<Kept<HttpIntegration>> = self
                .0
                .find(kinds::HTTP_API_INTEGRATION, format!("{api}/{id}"))
                .await?;
            if found.is_none() {
                return Err(bad_request(format!(
                    "Invalid Integration target specified: {target}"
                )));
            }
        }
        if let Some(id) = &route.authorizer_id {
            let found: Option<Kept<HttpAuthorizer>> = self
                .0
                .find(kinds::HTTP_API_AUTHORIZER, format!("{api}/{id}"))
                .await?;
            fits(route, found.map(|found| found.value).as_ref())?;
        }
        Ok(())
    }
}
