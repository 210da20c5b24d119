//! What methods of a REST API ask of their callers.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-to-api.html>

use std::sync::Arc;

use portcullis_model::{
    Problem,
    resources::apigateway::{AuthorizationType, Method},
};

use super::{Authorizers, Compiled, MethodAuthorization, jwt::Scopes};

/// Field and reason.
type Refused = (&'static str, String);

impl MethodAuthorization {
    /// Compiles what `method` asks for. What cannot be enforced is a problem, never open.
    pub(crate) fn compile(
        method: &Method,
        authorizers: &Authorizers,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        compile(method, authorizers)
            .map_err(|(field, message)| {
                problems.push(Problem::error(None, format!("{path}: {field}"), message));
            })
            .ok()
    }
}

fn compile(method: &Method, authorizers: &Authorizers) -> Result<MethodAuthorization, Refused> {
    let kind = method.authorization_type;
    let takes_scopes = matches!(kind, AuthorizationType::CognitoUserPools | AuthorizationType::Jwt);
    if !takes_scopes && !method.authorization_scopes.is_empty() {
        return Err((
            "authorizationScopes",
            "scopes need the authorization type `COGNITO_USER_POOLS` or `JWT`".into(),
        ));
    }
    let name = match kind {
        AuthorizationType::None | AuthorizationType::AwsIam if method.authorizer_id.is_some() => {
            return Err((
                "authorizerId",
                "an authorizer has no effect on a method of authorization type `NONE` or `AWS_IAM`: set the type"
                    .into(),
            ));
        }
        AuthorizationType::None => return Ok(MethodAuthorization::Open),
        AuthorizationType::AwsIam => return Ok(MethodAuthorization::Iam),
        AuthorizationType::Custom => "CUSTOM",
        AuthorizationType::CognitoUserPools => "COGNITO_USER_POOLS",
        AuthorizationType::Jwt => "JWT",
    };
    let found = authorizers
        .find(method.authorizer_id.as_ref(), name)
        .map_err(|message| ("authorizerId", message))?;
    let scopes = &method.authorization_scopes;
    match (kind, found) {
        (AuthorizationType::Custom, Compiled::Lambda(authorizer)) => {
            Ok(MethodAuthorization::Lambda(Arc::clone(authorizer)))
        }
        (AuthorizationType::Jwt, Compiled::Jwt(authorizer)) => Ok(MethodAuthorization::Jwt {
            authorizer: Arc::clone(authorizer),
            scopes: Scopes::new(scopes),
        }),
        (AuthorizationType::CognitoUserPools, Compiled::Cognito(authorizer)) => {
            Ok(MethodAuthorization::Cognito {
                authorizer: Arc::clone(authorizer),
                scopes: scopes.iter().map(|scope| scope.as_str().into()).collect(),
            })
        }
        (_, other) => {
            let (is, fitting) = match other {
                Compiled::Cognito(_) => ("is of user pools", "COGNITO_USER_POOLS"),
                Compiled::Lambda(_) => ("is a function", "CUSTOM"),
                Compiled::Jwt(_) => ("takes tokens of issuers", "JWT"),
            };
            Err((
                "authorizerId",
                format!("the authorizer {is}: set the authorization type to `{fitting}`"),
            ))
        }
    }
}
