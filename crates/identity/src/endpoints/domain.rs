//! A user pool's domain: which endpoint is asked for, and of which pool. One line an endpoint.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/managed-login-endpoints.html>

use bytes::Bytes;
use portcullis_model::{Region, Scope, resources::cognito::UserPool};
use serde_json::json;

use super::{EndpointRequest, EndpointResponse, form::Form};
use crate::{Identity, IdentityError, directory::pool_options, pages, records::ClientContext};

/// Longest query and longest form that are looked at.
const QUERY_BYTES_MAX: usize = 16 * 1024;
const BODY_BYTES_MAX: usize = 64 * 1024;

/// A request on a domain, with the pool that has it.
pub(super) struct Visit<'a> {
    pub(super) identity: &'a Identity,
    pub(super) scope: Scope,
    pub(super) pool: UserPool,
    pub(super) prefix: &'a str,
    pub(super) request: &'a EndpointRequest,
}

impl Identity {
    /// Answers a request on the domain `prefix` of `region`; none when the domain has no such endpoint.
    pub async fn domain_endpoint(
        &self,
        region: &str,
        prefix: &str,
        request: &EndpointRequest,
    ) -> Result<Option<EndpointResponse>, IdentityError> {
        if let Some(answer) = super::cors::preflight(request) {
            return Ok(Some(answer));
        }
        if request.path == "/oauth2/token" {
            let answer = self.token_endpoint(region, prefix, request).await?;
            return Ok(Some(super::cors::readable(answer)));
        }
        let Some((scope, domain)) = self.pool_of_domain(&Region::from(region), prefix).await? else {
            return Ok(None);
        };
        let pool = self.pool(&scope, domain.user_pool_id.as_str()).await?.value;
        let visit = Visit {
            identity: self,
            scope,
            pool,
            prefix,
            request,
        };
        Ok(Some(match request.path.as_str() {
            "/oauth2/authorize" => visit.authorize().await?,
            "/oauth2/userInfo" => super::cors::readable(visit.user_info().await?),
            "/oauth2/revoke" => super::cors::readable(visit.revoke().await?),
            "/login" => visit.login().await?,
            "/signup" => visit.signup().await?,
            "/confirm" => visit.confirm().await?,
            "/confirmUser" => visit.confirm_user().await?,
            "/resendcode" => visit.resend_code().await?,
            "/forgotPassword" => visit.forgot_password().await?,
            "/confirmforgotPassword" => visit.confirm_forgot_password().await?,
            "/changePassword" => visit.change_password().await?,
            "/logout" => visit.logout().await?,
            "/error" => visit.error_page(400, "the error page was asked for"),
            _ => return Ok(None),
        }))
    }

    /// Returns where a pool's domain answers, without a slash at the end.
    pub(crate) fn domain_origin(&self, pool: &UserPool) -> Option<String> {
        let prefix = pool.domain.as_ref()?;
        let region = pool.id.as_str().rsplit_once('_').map_or("", |(region, _)| region);
        let port = match self.settings.public_port {
            443 => String::new(),
            port => format!(":{port}"),
        };
        Some(format!(
            "https://{prefix}.auth.{region}.{}{port}",
            self.settings.domain
        ))
    }
}

impl Visit<'_> {
    /// Reads the query.
    pub(super) fn query(&self) -> Result<Form, &'static str> {
        if self.request.query.len() > QUERY_BYTES_MAX {
            return Err("the query is too long");
        }
        Form::parse(self.request.query.as_bytes())
    }

    /// Reads the form in the body.
    pub(super) fn body(&self) -> Result<Form, &'static str> {
        let content_type = self.request.headers.text("content-type").unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err("the body is no form");
        }
        if self.request.body.len() > BODY_BYTES_MAX {
            return Err("the form is too long");
        }
        Form::parse(&self.request.body)
    }

    pub(super) fn is_post(&self) -> bool {
        self.request.method == "POST"
    }

    /// Returns the refusal of a method that is not in `allowed`.
    pub(super) fn refuse_method(&self, allowed: &'static str) -> Option<EndpointResponse> {
        if allowed.split(", ").any(|method| method == self.request.method) {
            return None;
        }
        let answer = EndpointResponse::json(405, &json!({ "message": "Method Not Allowed" }));
        Some(answer.with("allow", allowed))
    }

    /// Returns the client called `id` of this domain's pool, if it may use the hosted pages at all.
    pub(super) async fn client(&self, id: &str) -> Result<Result<ClientContext, String>, IdentityError> {
        match self
            .identity
            .client_of(&self.scope, self.pool.id.as_str(), id)
            .await
        {
            Ok(context) => Ok(if has_pages(&context) {
                Ok(context)
            } else {
                Err("the client has not AllowedOAuthFlowsUserPoolClient and the provider COGNITO".into())
            }),
            Err(error) if error.name() == "ResourceNotFoundException" => {
                Ok(Err("the domain's pool has no such client".into()))
            }
            Err(error) => Err(error),
        }
    }

    /// Returns the page for what must not be answered at a redirect URI. Says nothing that came with the request.
    pub(super) fn error_page(&self, status: u16, cause: impl Into<String>) -> EndpointResponse {
        let text = "The link that brought you here is not right, or has been used. Go back to the app and start again.";
        let mut answer =
            EndpointResponse::page(status, pages::message::page("Something is not right", text), None);
        answer.cause = Some(cause.into());
        answer
    }
}

/// As on AWS, pages show what `SupportedIdentityProviders` names, and without `COGNITO` there are none.
fn has_pages(context: &ClientContext) -> bool {
    let client = &context.client;
    client.allowed_oauth_flows_user_pool_client
        && client
            .supported_identity_providers
            .iter()
            .any(|provider| provider == pool_options::COGNITO)
}

impl EndpointResponse {
    /// Returns a page; forms on it may lead on to `redirect`.
    pub(super) fn page(status: u16, document: Vec<u8>, redirect: Option<&str>) -> Self {
        let answer = Self {
            status,
            headers: portcullis_model::HeaderList::with_capacity(8),
            body: document,
            cause: None,
        };
        answer
            .with("content-type", "text/html; charset=utf-8")
            .with(
                "content-security-policy",
                Bytes::from(pages::content_security_policy(redirect)),
            )
            .with("x-frame-options", "DENY")
            .guarded()
    }

    /// Returns a redirect: 303 after a form, so that no browser sends the password on (RFC 9700 section 4.12).
    pub(super) fn redirect(after_post: bool, to: String) -> Self {
        let answer = Self {
            status: if after_post { 303 } else { 302 },
            headers: portcullis_model::HeaderList::with_capacity(8),
            body: Vec::new(),
            cause: None,
        };
        answer.with("location", Bytes::from(to)).guarded()
    }

    fn guarded(self) -> Self {
        self.with("cache-control", "no-store")
            .with("pragma", "no-cache")
            .with("referrer-policy", "no-referrer")
            .with("x-content-type-options", "nosniff")
    }
}
