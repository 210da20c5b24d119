//! The authorizers of an HTTP API, and what its routes ask of their callers.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control.html>

use std::{collections::BTreeMap, sync::Arc};

use portcullis_model::{
    AuthorizerId, Scope,
    resources::apigatewayv2::{
        HttpAuthorizer, HttpAuthorizerKind, HttpRoute, HttpStage, RouteAuthorizationType,
    },
};

use super::{MethodAuthorization, jwt::Scopes, jwt_configuration::JwtAuthorizer, lambda::LambdaAuthorizer};

/// The authorizers of an HTTP API, by id.
pub(crate) struct RouteAuthorizers(BTreeMap<AuthorizerId, Result<Compiled, String>>);

#[derive(Clone)]
enum Compiled {
    Jwt(Arc<JwtAuthorizer>),
    Lambda(Arc<LambdaAuthorizer>),
}

/// Field and reason.
type Refused = (&'static str, String);

impl RouteAuthorizers {
    /// Compiles the authorizers as `stage` serves them; what is wrong with one is a problem of the routes that use it.
    pub(crate) fn compile(authorizers: &[HttpAuthorizer], stage: &HttpStage, scope: &Scope) -> Self {
        let compile = |authorizer: &HttpAuthorizer| {
            let compiled = match &authorizer.kind {
                HttpAuthorizerKind::Jwt(settings) => JwtAuthorizer::compile(authorizer, settings)
                    .map(|compiled| Compiled::Jwt(Arc::new(compiled)))
                    .map_err(|message| format!("authorizer `{}`: {message}", authorizer.name)),
                HttpAuthorizerKind::Request(function) => {
                    LambdaAuthorizer::compile_http(authorizer, function, stage, scope).map(Compiled::Lambda)
                }
            };
            (authorizer.authorizer_id.clone(), compiled)
        };
        Self(authorizers.iter().map(compile).collect())
    }

    fn find(&self, id: Option<&AuthorizerId>, authorization_type: &str) -> Result<Compiled, Refused> {
        let refused = |message: String| ("authorizerId", message);
        let id = id.ok_or_else(|| refused(format!("`{authorization_type}` needs an authorizer")))?;
        let found = self.0.get(id);
        let found = found.ok_or_else(|| refused(format!("the API has no authorizer `{id}`")))?;
        found.clone().map_err(refused)
    }
}

impl MethodAuthorization {
    /// Compiles what a route of an HTTP API asks for; the error names field and reason.
    pub(crate) fn compile_route(route: &HttpRoute, authorizers: &RouteAuthorizers) -> Result<Self, Refused> {
        let is_jwt = route.authorization_type == RouteAuthorizationType::Jwt;
        if !is_jwt && !route.authorization_scopes.is_empty() {
            return Err((
                "authorizationScopes",
                "scopes need the authorization type `JWT`".into(),
            ));
        }
        match route.authorization_type {
            RouteAuthorizationType::None | RouteAuthorizationType::AwsIam
                if route.authorizer_id.is_some() =>
            {
                Err((
                    "authorizerId",
                    "an authorizer has no effect on a route of authorization type `NONE` or `AWS_IAM`: set the type"
                        .into(),
                ))
            }
            RouteAuthorizationType::None => Ok(Self::Open),
            RouteAuthorizationType::AwsIam => Ok(Self::Iam),
            RouteAuthorizationType::Jwt => match authorizers.find(route.authorizer_id.as_ref(), "JWT")? {
                Compiled::Jwt(authorizer) => Ok(Self::Jwt {
                    authorizer,
                    scopes: Scopes::new(&route.authorization_scopes),
                }),
                Compiled::Lambda(_) => Err((
                    "authorizerId",
                    "the authorizer is a function: set the authorization type to `CUSTOM`".into(),
                )),
            },
            RouteAuthorizationType::Custom => {
                match authorizers.find(route.authorizer_id.as_ref(), "CUSTOM")? {
                    Compiled::Lambda(authorizer) => Ok(Self::Lambda(authorizer)),
                    Compiled::Jwt(_) => Err((
                        "authorizerId",
                        "the authorizer takes tokens: set the authorization type to `JWT`".into(),
                    )),
                }
            }
        }
    }
}
