//! `/oauth2/userInfo`: what an access token with `openid` may read of its user. OpenID Connect Core 5.3, RFC 6750.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/userinfo-endpoint.html>: booleans are strings there.

use portcullis_model::SecretText;
use serde_json::{Map, Value, json};

use super::{EndpointResponse, domain::Visit};
use crate::{IdentityError, directory::attributes, tokens::claims::scope_shows};

impl Visit<'_> {
    pub(super) async fn user_info(&self) -> Result<EndpointResponse, IdentityError> {
        if let Some(refused) = self.refuse_method("GET, POST") {
            return Ok(refused);
        }
        let token = match self.bearer() {
            Ok(token) => token,
            Err(cause) => {
                return Ok(refuse(
                    400,
                    "invalid_request",
                    "Bad OAuth2 request at UserInfo Endpoint",
                    cause,
                ));
            }
        };
        let presented = match self.identity.check_access_token_for(&token, "openid").await {
            Ok(presented) if presented.context.pool.id == self.pool.id => presented,
            Ok(_) => return Ok(invalid_token("it belongs to another pool".into())),
            Err(refused) if refused.name() == "InternalErrorException" => return Err(refused),
            Err(refused) if refused.message() == "Access Token does not have required scopes" => {
                return Ok(refuse(
                    401,
                    "invalid_token",
                    "Access token does not contain openid scope",
                    "no openid scope",
                ));
            }
            Err(refused) => {
                let cause = refused.cause().unwrap_or(refused.message()).to_owned();
                return Ok(invalid_token(cause));
            }
        };
        let (user, client) = (&presented.user.value, &presented.context.client);
        let mut claims = Map::new();
        claims.insert("sub".into(), user.sub.as_str().into());
        claims.insert("username".into(), user.username.as_str().into());
        for (name, value) in &user.attributes {
            let shown = attributes::is_readable(client, name) && scope_shows(&presented.scope, name);
            if shown && !claims.contains_key(name) {
                claims.insert(name.clone(), value.as_str().into());
            }
        }
        Ok(EndpointResponse::json(200, &Value::Object(claims)).with("cache-control", "no-store"))
    }

    /// Returns the token: in the header, or in a form; not both, and never in the query (RFC 6750 section 2).
    fn bearer(&self) -> Result<SecretText, &'static str> {
        let in_header = match self.request.headers.text("authorization") {
            None => None,
            Some(header) => match header.split_once(' ') {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token.trim()),
                _ => return Err("the Authorization header is no Bearer one"),
            },
        };
        let form = if self.is_post() && !self.request.body.is_empty() {
            Some(self.body()?)
        } else {
            None
        };
        let in_form = form.as_ref().and_then(|form| form.get("access_token"));
        match (in_header, in_form) {
            (Some(token), None) | (None, Some(token)) if !token.is_empty() => {
                Ok(SecretText::new(token.to_owned()))
            }
            (Some(_), Some(_)) => Err("the token is there twice"),
            _ => Err("there is no token"),
        }
    }
}

fn invalid_token(cause: String) -> EndpointResponse {
    let description = "Access token is expired, disabled, or deleted, or the user has globally signed out.";
    refuse(401, "invalid_token", description, cause)
}

fn refuse(
    status: u16,
    error: &'static str,
    description: &'static str,
    cause: impl Into<String>,
) -> EndpointResponse {
    let body = json!({ "error": error, "error_description": description });
    let challenge = format!("Bearer error=\"{error}\", error_description=\"{description}\"");
    let mut answer = EndpointResponse::json(status, &body)
        .with("www-authenticate", bytes::Bytes::from(challenge))
        .with("cache-control", "no-store");
    answer.cause = Some(cause.into());
    answer
}
