//! `/oauth2/token` with a refresh token: RFC 6749 section 6. The refresh token stays good, and is not sent again.

use portcullis_model::SecretText;

use super::{
    EndpointResponse,
    form::Form,
    token::{Refusal, refuse, token_response},
};
use crate::{Identity, flows::enabled::Flow, records::ClientContext, tokens::claims::API_SCOPE};

impl Identity {
    pub(super) async fn refresh_by_token(
        &self,
        context: &ClientContext,
        form: &Form,
    ) -> Result<EndpointResponse, Refusal> {
        // One rule for both doors: a client without ALLOW_REFRESH_TOKEN_AUTH refreshes at neither.
        if !Flow::RefreshToken.is_enabled(&context.client) {
            return refuse(
                "unauthorized_client",
                "the client does not allow ALLOW_REFRESH_TOKEN_AUTH",
            );
        }
        let Some(token) = form.get("refresh_token") else {
            return refuse("invalid_request", "refresh_token is missing");
        };
        let token = SecretText::new(token.to_owned());
        let (mut family, user) = match self.check_refresh_token(context, &token).await {
            Ok(good) => good,
            Err(error) if error.name() == "InternalErrorException" => return Err(error.into()),
            Err(error) => {
                return refuse("invalid_grant", error.cause().unwrap_or(error.message()));
            }
        };
        let granted = family.scope.clone().unwrap_or_else(|| API_SCOPE.to_owned());
        if let Some(asked) = form.get("scope") {
            let within = |scope: &str| granted.split(' ').any(|there| there == scope);
            let asked: Vec<&str> = asked.split(' ').filter(|scope| !scope.is_empty()).collect();
            if asked.is_empty() || !asked.iter().all(|scope| within(scope)) {
                return refuse("invalid_scope", "a scope was not granted at the sign-in");
            }
            family.scope = Some(asked.join(" "));
        }
        let scope = family.scope.clone().unwrap_or(granted);
        let now = self.clock.now();
        // A sign-in through the API has always had an ID token.
        let scope = if family.scope.is_none() {
            format!("openid {scope}")
        } else {
            scope
        };
        let tokens = self.issue(context, &user, &family, now, None).await?;
        Ok(token_response(&tokens, &scope))
    }
}
