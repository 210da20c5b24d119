//! `POST /oauth2/token`: who is the client, and which grant does it bring? Client credentials (RFC 6749 section 4.4) are
//! here, the other grants beside; token exchange is refused as OAuth says.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html>: every error is a 400 there,
//! `invalid_client` too, so it is here.

use base64::{Engine, engine::general_purpose::STANDARD};
use portcullis_model::{Region, SecretText};
use serde_json::json;

use super::{
    EndpointRequest, EndpointResponse,
    authorize::has_openid,
    form::{Form, decode},
};
use crate::{
    Identity, IdentityError, directory::client_options, flows::AuthenticationResult, records::ClientContext,
    tokens::claims,
};

/// Longest body that is looked at.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// RFC 6749 section 5.2: the code, and what really happened.
pub(super) struct Refusal(pub(super) &'static str, pub(super) String);

pub(super) fn refuse<T>(code: &'static str, cause: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(code, cause.into()))
}

impl From<IdentityError> for Refusal {
    fn from(error: IdentityError) -> Self {
        Self(
            "server_error",
            error.cause().unwrap_or(error.message()).to_owned(),
        )
    }
}

impl Identity {
    /// Answers `/oauth2/token` on the domain `prefix` of `region`.
    pub async fn token_endpoint(
        &self,
        region: &str,
        prefix: &str,
        request: &EndpointRequest,
    ) -> Result<EndpointResponse, IdentityError> {
        if request.method != "POST" {
            return Ok(
                EndpointResponse::json(405, &json!({ "error": "invalid_request" })).with("allow", "POST"),
            );
        }
        let response = match self.grant(region, prefix, request).await {
            Ok(response) => response,
            Err(Refusal(code, cause)) => {
                let status = if code == "server_error" { 500 } else { 400 };
                let mut response = EndpointResponse::json(status, &json!({ "error": code }));
                response.cause = Some(cause);
                response
            }
        };
        // RFC 6749 section 5.1
        Ok(response
            .with("cache-control", "no-store")
            .with("pragma", "no-cache"))
    }

    async fn grant(
        &self,
        region: &str,
        prefix: &str,
        request: &EndpointRequest,
    ) -> Result<EndpointResponse, Refusal> {
        let form = read_form(request)?;
        let Some(grant_type) = form.get("grant_type") else {
            return refuse("invalid_request", "grant_type is missing");
        };
        let (client_id, secret) = read_client(request, &form)?;
        let context = self
            .authenticate_client(region, prefix, &client_id, secret.as_ref())
            .await?;
        match grant_type {
            "client_credentials" => self.grant_to_client(&context, form.get("scope")).await,
            "authorization_code" => self.exchange_code(&context, &form).await,
            "refresh_token" => self.refresh_by_token(&context, &form).await,
            other => refuse("unsupported_grant_type", format!("grant `{other}`")),
        }
    }

    async fn authenticate_client(
        &self,
        region: &str,
        prefix: &str,
        client_id: &str,
        secret: Option<&SecretText>,
    ) -> Result<ClientContext, Refusal> {
        let Some((scope, domain)) = self.pool_of_domain(&Region::from(region), prefix).await? else {
            return refuse("invalid_client", "no user pool has this domain");
        };
        let context = match self
            .client_of(&scope, domain.user_pool_id.as_str(), client_id)
            .await
        {
            Ok(context) => context,
            // The client of another pool is as unknown here as one that nobody has.
            Err(error) if error.name() == "ResourceNotFoundException" => {
                return refuse("invalid_client", "the domain's pool has no such client");
            }
            Err(error) => return Err(error.into()),
        };
        match self.check_client_secret(&context, secret) {
            Ok(()) => Ok(context),
            Err(cause) => refuse("invalid_client", cause),
        }
    }

    async fn grant_to_client(
        &self,
        context: &ClientContext,
        asked: Option<&str>,
    ) -> Result<EndpointResponse, Refusal> {
        let client = &context.client;
        let allowed = client
            .allowed_oauth_flows
            .iter()
            .any(|flow| flow == "client_credentials");
        // A public client proves nothing, whatever its flows say.
        if !allowed || !client.allowed_oauth_flows_user_pool_client || client.sealed_client_secret.is_none() {
            return refuse(
                "unauthorized_client",
                "the client does not allow client_credentials",
            );
        }
        // A scope goes when its resource server does, also from clients that were allowed it.
        let existing = self.scopes_of(&context.scope, &context.pool.id).await?;
        let grantable = |scope: &&str| {
            existing.iter().any(|there| there == scope)
                && client.allowed_oauth_scopes.iter().any(|there| there == scope)
        };
        let scopes: Vec<&str> = match asked {
            None => client
                .allowed_oauth_scopes
                .iter()
                .map(String::as_str)
                .filter(grantable)
                .collect(),
            Some(asked) => {
                let asked: Vec<&str> = asked.split(' ').filter(|scope| !scope.is_empty()).collect();
                if let Some(scope) = asked.iter().find(|scope| !grantable(scope)) {
                    return refuse(
                        "invalid_scope",
                        format!("scope `{scope}` does not exist or is not allowed to the client"),
                    );
                }
                asked
            }
        };
        if scopes.is_empty() {
            return refuse("invalid_scope", "the client has no scope of a resource server");
        }
        let keys = self.pool_keys(&context.pool)?;
        let issuer = self.settings.issuer.issuer(&context.pool.id);
        let claims = claims::client_claims(
            &issuer,
            client,
            &scopes.join(" "),
            self.clock.now(),
            self.entropy.uuid(),
        );
        let access_token = keys.access.sign(&claims)?;
        Ok(EndpointResponse::json(
            200,
            &json!({
                "access_token": access_token,
                "expires_in": client_options::access_seconds(client),
                "token_type": "Bearer",
            }),
        ))
    }
}

/// Returns tokens of a user; an ID token only where OpenID Connect was asked for.
pub(super) fn token_response(tokens: &AuthenticationResult, scope: &str) -> EndpointResponse {
    let mut body = json!({
        "access_token": tokens.access_token.expose(),
        "expires_in": tokens.expires_in,
        "token_type": "Bearer",
    });
    if let Some(fields) = body.as_object_mut() {
        if has_openid(scope) {
            fields.insert("id_token".into(), tokens.id_token.expose().into());
        }
        if let Some(refresh_token) = &tokens.refresh_token {
            fields.insert("refresh_token".into(), refresh_token.expose().into());
        }
    }
    EndpointResponse::json(200, &body)
}

pub(super) fn read_form(request: &EndpointRequest) -> Result<Form, Refusal> {
    let content_type = request.headers.text("content-type").unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return refuse(
            "invalid_request",
            "the content type is not application/x-www-form-urlencoded",
        );
    }
    if request.body.len() > BODY_BYTES_MAX {
        return refuse(
            "invalid_request",
            format!("the body has more than {BODY_BYTES_MAX} bytes"),
        );
    }
    Form::parse(&request.body).or_else(|cause| refuse("invalid_request", cause))
}

/// Returns who the client says it is: by `Authorization: Basic` or in the body, not both (RFC 6749 section 2.3).
pub(super) fn read_client(
    request: &EndpointRequest,
    form: &Form,
) -> Result<(String, Option<SecretText>), Refusal> {
    let in_body = form.get("client_secret");
    let Some(header) = request.headers.text("authorization") else {
        return match form.get("client_id") {
            Some(id) => Ok((
                id.to_owned(),
                in_body.map(|secret| SecretText::new(secret.to_owned())),
            )),
            None => refuse("invalid_request", "client_id is missing"),
        };
    };
    if in_body.is_some() {
        return refuse("invalid_request", "the client authenticates twice");
    }
    let (id, secret) = read_basic(header).map_or_else(
        || refuse("invalid_client", "the Authorization header is no Basic one"),
        Ok,
    )?;
    if form.get("client_id").is_some_and(|named| named != id) {
        return refuse(
            "invalid_client",
            "client_id is another than in the Authorization header",
        );
    }
    Ok((id, Some(secret)))
}

fn read_basic(header: &str) -> Option<(String, SecretText)> {
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    // A secret of one's own may hold a plus, which clients that skip the form encoding of section 2.3.1 send as it is.
    let secret = if secret.contains('%') {
        decode(secret)?
    } else {
        secret.to_owned()
    };
    Some((decode(id)?, SecretText::new(secret)))
}
