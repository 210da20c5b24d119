//! `/oauth2/token` with an authorization code: RFC 6749 section 4.1.3, PKCE (RFC 7636 section 4.5). A code is good once;
//! whoever brings it a second time ends what came from the first (RFC 6749 section 4.1.2).

use portcullis_model::SecretText;
use portcullis_store::{Batch, typed::Versioned};

use super::{
    EndpointResponse,
    form::Form,
    token::{Refusal, refuse, token_response},
};
use crate::{
    Identity,
    flows::standing::check_enabled,
    records::ClientContext,
    tokens::{
        authorization_codes::AuthorizationCode,
        families::{OAuthGrant, family_key},
    },
};

impl Identity {
    pub(super) async fn exchange_code(
        &self,
        context: &ClientContext,
        form: &Form,
    ) -> Result<EndpointResponse, Refusal> {
        let client = &context.client;
        let allowed = client.allowed_oauth_flows.iter().any(|flow| flow == "code");
        if !allowed || !client.allowed_oauth_flows_user_pool_client {
            return refuse(
                "unauthorized_client",
                "the client does not allow authorization_code",
            );
        }
        let Some(code) = form.get("code") else {
            return refuse("invalid_request", "code is missing");
        };
        let code = SecretText::new(code.to_owned());
        // A code of another client is as unknown here as one that never was, and stays good for its own.
        let Some(found) = self.authorization_code(context, &code).await? else {
            return refuse(
                "invalid_grant",
                "there is no such code for this client, or it is too old",
            );
        };
        if let Some(origin_jti) = &found.value.redeemed {
            return self.end_reused_code(context, origin_jti).await;
        }
        if self.clock.now() >= found.value.expires {
            return refuse("invalid_grant", "the code has expired");
        }
        // RFC 6749 wants it wherever it was in the request; AWS always. So do we.
        if form.get("redirect_uri") != Some(found.value.redirect_uri.as_str()) {
            return refuse(
                "invalid_grant",
                "redirect_uri is another than in the authorization request",
            );
        }
        if !found.value.is_verified_by(form.get("code_verifier")) {
            return refuse("invalid_grant", "code_verifier does not fit the code_challenge");
        }
        self.redeem(context, &code, found).await
    }

    async fn redeem(
        &self,
        context: &ClientContext,
        code: &SecretText,
        found: Versioned<AuthorizationCode>,
    ) -> Result<EndpointResponse, Refusal> {
        let record = &found.value;
        let user = self
            .find_user(&context.scope, &context.pool, &record.username)
            .await?
            .map(|user| user.value)
            .filter(|user| user.sub == record.sub);
        let Some(user) = user else {
            return refuse("invalid_grant", "the user does not exist any more");
        };
        if check_enabled(&user).is_err() || user.signed_out_at.is_some_and(|at| record.auth_time < at) {
            return refuse("invalid_grant", "the user was disabled or signed out since");
        }
        let grant = OAuthGrant {
            scope: record.scope.clone(),
            auth_time: record.auth_time,
        };
        let new = self.new_family(context, &user, Some(&grant))?;
        let spend = self.spend_authorization_code(&found, &new.family.origin_jti)?;
        let also = Batch::new().with(spend);
        let nonce = record.nonce.as_deref();
        match self
            .begin_granted_family(context, &user, new, nonce, also)
            .await?
        {
            Some(tokens) => Ok(token_response(&tokens, &record.scope)),
            // Two at once: somebody else was first with it.
            None => match self.authorization_code(context, code).await? {
                Some(Versioned {
                    value:
                        AuthorizationCode {
                            redeemed: Some(origin_jti),
                            ..
                        },
                    ..
                }) => self.end_reused_code(context, &origin_jti).await,
                _ => refuse("invalid_grant", "the code was used meanwhile"),
            },
        }
    }

    async fn end_reused_code(
        &self,
        context: &ClientContext,
        origin_jti: &str,
    ) -> Result<EndpointResponse, Refusal> {
        let key = family_key(&context.scope, &context.pool.id, origin_jti);
        if let Some(family) = self.read(&key).await? {
            self.revoke_family(&context.scope, family).await?;
        }
        refuse(
            "invalid_grant",
            "the code was used before: the tokens that came from it are revoked",
        )
    }
}
