//! `/oauth2/authorize`: lets a browser that is signed in through, and sends every other to the sign-in page.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html>; RFC 6749 section 4.1.1.

use portcullis_model::{Timestamp, resources::cognito::User};
use portcullis_store::Batch;

use super::{
    EndpointResponse,
    authorization_request::{AuthorizationRequest, Fault, Prompt, ResponseType},
    browser_session::SignedIn,
    domain::Visit,
};
use crate::{
    IdentityError,
    tokens::{authorization_codes::CodeRequest, families::OAuthGrant},
};

impl Visit<'_> {
    pub(super) async fn authorize(&self) -> Result<EndpointResponse, IdentityError> {
        if let Some(refused) = self.refuse_method("GET, POST") {
            return Ok(refused);
        }
        // OpenID Connect Core section 3.1.2.1 wants both.
        let form = if self.is_post() { self.body() } else { self.query() };
        let form = match form {
            Ok(form) => form,
            Err(cause) => return Ok(self.error_page(400, cause)),
        };
        let request = match self.authorization_request(&form).await? {
            Ok(request) => request,
            Err(fault) => return Ok(self.fault(fault)),
        };
        let signed_in = self.signed_in().await?;
        let now = self.identity.clock.now();
        let fresh_enough = |signed_in: &SignedIn| {
            let age = now.seconds() - signed_in.auth_time.seconds();
            request.max_age_seconds.is_none_or(|most| age <= most)
        };
        match (signed_in.filter(fresh_enough), request.prompt) {
            (Some(SignedIn { user, auth_time }), Prompt::IfNeeded | Prompt::Never) => {
                self.let_through(&request, &user, auth_time, Batch::new()).await
            }
            (None, Prompt::Never) => Ok(request
                .error("login_required", "nobody is signed in")
                .answer(self.is_post())),
            _ => Ok(EndpointResponse::redirect(
                self.is_post(),
                format!("../login?{}", request.query),
            )),
        }
    }

    /// Answers a request that cannot go on: at the app where it is known good, on a page otherwise.
    pub(super) fn fault(&self, fault: Fault) -> EndpointResponse {
        match fault {
            Fault::Page(cause) => self.error_page(400, cause),
            Fault::App(error) => error.answer(self.is_post()),
        }
    }

    /// Sends the browser back to the app with a code, or with tokens; `also` is written with them.
    pub(super) async fn let_through(
        &self,
        request: &AuthorizationRequest,
        user: &User,
        auth_time: Timestamp,
        also: Batch,
    ) -> Result<EndpointResponse, IdentityError> {
        match request.response_type {
            ResponseType::Code => self.with_code(request, user, auth_time, also).await,
            ResponseType::Token => self.with_tokens(request, user, auth_time, also).await,
        }
    }

    async fn with_code(
        &self,
        request: &AuthorizationRequest,
        user: &User,
        auth_time: Timestamp,
        also: Batch,
    ) -> Result<EndpointResponse, IdentityError> {
        let asked = CodeRequest {
            redirect_uri: &request.redirect_uri,
            scope: &request.scope,
            nonce: request.nonce.as_deref(),
            code_challenge: request.code_challenge.as_deref(),
        };
        let (code, put) = self
            .identity
            .new_authorization_code(&request.context, user, auth_time, &asked)?;
        let mut batch = Batch::new().with(put);
        batch.append(also);
        self.identity.store.commit(batch).await?;
        let to = request.answered(&[("code", code.expose())]);
        Ok(EndpointResponse::redirect(self.is_post(), to))
    }

    async fn with_tokens(
        &self,
        request: &AuthorizationRequest,
        user: &User,
        auth_time: Timestamp,
        also: Batch,
    ) -> Result<EndpointResponse, IdentityError> {
        let grant = OAuthGrant {
            scope: request.scope.clone(),
            auth_time,
        };
        let identity = self.identity;
        let new = identity.new_family(&request.context, user, Some(&grant))?;
        let nonce = request.nonce.as_deref();
        let begun = identity.begin_granted_family(&request.context, user, new, nonce, also);
        let Some(tokens) = begun.await? else {
            return Ok(request
                .error("server_error", "the user changed meanwhile")
                .answer(self.is_post()));
        };
        let expires_in = tokens.expires_in.to_string();
        let mut fields = Vec::new();
        if has_openid(&request.scope) {
            fields.push(("id_token", tokens.id_token.expose()));
        }
        // No refresh token: the fragment stays in the browser's history (RFC 6749 section 4.2.2).
        fields.push(("access_token", tokens.access_token.expose()));
        fields.push(("expires_in", &expires_in));
        fields.push(("token_type", "Bearer"));
        Ok(EndpointResponse::redirect(
            self.is_post(),
            request.answered(&fields),
        ))
    }
}

/// Tells whether `scope` asks for OpenID Connect, and with it for an ID token.
pub(super) fn has_openid(scope: &str) -> bool {
    scope.split(' ').any(|scope| scope == "openid")
}
