//! `/oauth2/revoke`: ends a refresh token and all that came from it. RFC 7009.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/revocation-endpoint.html>

use portcullis_model::SecretText;
use serde_json::json;

use super::{
    EndpointResponse,
    domain::Visit,
    token::{read_client, read_form},
};
use crate::{IdentityError, flows::RevokeToken};

impl Visit<'_> {
    pub(super) async fn revoke(&self) -> Result<EndpointResponse, IdentityError> {
        if let Some(refused) = self.refuse_method("POST") {
            return Ok(refused);
        }
        let refuse = |code: &'static str, cause: String| {
            let mut answer =
                EndpointResponse::json(400, &json!({ "error": code })).with("cache-control", "no-store");
            answer.cause = Some(cause);
            Ok(answer)
        };
        let form = match read_form(self.request) {
            Ok(form) => form,
            Err(refusal) => return refuse(refusal.0, refusal.1),
        };
        let (client_id, client_secret) = match read_client(self.request, &form) {
            Ok(client) => client,
            Err(refusal) => return refuse(refusal.0, refusal.1),
        };
        let Some(token) = form.get("token") else {
            return refuse("invalid_request", "token is missing".into());
        };
        let found = self
            .identity
            .client_of(&self.scope, self.pool.id.as_str(), &client_id)
            .await;
        match found {
            Ok(_) => {}
            Err(error) if error.name() == "ResourceNotFoundException" => {
                return refuse("invalid_client", "the domain's pool has no such client".into());
            }
            Err(error) => return Err(error),
        }
        let input = RevokeToken {
            client_id,
            client_secret,
            token: SecretText::new(token.to_owned()),
        };
        let cause = |error: &IdentityError| error.cause().unwrap_or(error.message()).to_owned();
        match self.identity.revoke_token(input).await {
            Ok(()) => Ok(EndpointResponse::json(200, &json!({}))
                .with("cache-control", "no-store")
                .emptied()),
            Err(error) => match error.name() {
                "InternalErrorException" => Err(error),
                "UnauthorizedException" => refuse("invalid_client", cause(&error)),
                "UnsupportedTokenTypeException" => refuse("unsupported_token_type", cause(&error)),
                // RFC 7009 section 2.2: a token that is none is as revoked as can be.
                "InvalidParameterException" => Ok(EndpointResponse::json(200, &json!({}))
                    .with("cache-control", "no-store")
                    .emptied()),
                _ => refuse("invalid_request", cause(&error)),
            },
        }
    }
}

impl EndpointResponse {
    fn emptied(mut self) -> Self {
        self.body.clear();
        self
    }
}
