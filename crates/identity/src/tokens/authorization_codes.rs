//! Authorization codes: made when a user is let through, good once and for five minutes (RFC 6749 section 4.1.2).
//!
//! Only the hash is kept. A spent code's record stays while its tokens may live, so that a second use is known for
//! what it is and ends what came from the first.

use aws_lc_rs::digest;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use portcullis_model::{ClientId, SecretText, Timestamp, UserSub, resources::cognito::User};
use portcullis_store::{Expect, Put, RecordKey, kinds, typed::Versioned};
use serde::{Deserialize, Serialize};

use super::families::TOKEN_SECONDS_MAX;
use crate::{
    Identity, IdentityError,
    records::{ClientContext, inside},
};

const LIFETIME_SECONDS: i64 = 5 * 60;
const CODE_BYTES: usize = 32;
/// Longest text that is looked at.
const CODE_CHARACTERS_MAX: usize = 64;

/// What a code stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AuthorizationCode {
    pub(crate) client_id: ClientId,
    pub(crate) sub: UserSub,
    pub(crate) username: String,
    pub(crate) redirect_uri: String,
    pub(crate) scope: String,
    pub(crate) nonce: Option<String>,
    /// S256, as sent.
    pub(crate) code_challenge: Option<String>,
    pub(crate) auth_time: Timestamp,
    pub(crate) expires: Timestamp,
    /// The family of the tokens that the code was exchanged for.
    pub(crate) redeemed: Option<String>,
}

/// What was asked for, and may be had.
pub(crate) struct CodeRequest<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) nonce: Option<&'a str>,
    pub(crate) code_challenge: Option<&'a str>,
}

impl AuthorizationCode {
    /// Tells whether `verifier` is what the challenge was made from (RFC 7636 section 4.6). A verifier without a
    /// challenge is refused too: somebody took the challenge out on the way (RFC 9700 section 2.1.1).
    pub(crate) fn is_verified_by(&self, verifier: Option<&str>) -> bool {
        match (&self.code_challenge, verifier) {
            (None, None) => true,
            (Some(challenge), Some(verifier)) => {
                let fits = (43..=128).contains(&verifier.len())
                    && verifier
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
                let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
                let made = SecretText::new(URL_SAFE_NO_PAD.encode(hash));
                fits && made == SecretText::new(challenge.clone())
            }
            _ => false,
        }
    }
}

impl Identity {
    /// Returns a new code, and the write that makes it good.
    pub(crate) fn new_authorization_code(
        &self,
        context: &ClientContext,
        user: &User,
        auth_time: Timestamp,
        request: &CodeRequest<'_>,
    ) -> Result<(SecretText, Put), IdentityError> {
        let mut bytes = [0u8; CODE_BYTES];
        self.entropy.fill(&mut bytes);
        let code = SecretText::new(URL_SAFE_NO_PAD.encode(bytes));
        let expires = self.clock.now().plus_seconds(LIFETIME_SECONDS);
        let record = AuthorizationCode {
            client_id: context.client.client_id.clone(),
            sub: user.sub.clone(),
            username: user.username.clone(),
            redirect_uri: request.redirect_uri.to_owned(),
            scope: request.scope.to_owned(),
            nonce: request.nonce.map(str::to_owned),
            code_challenge: request.code_challenge.map(str::to_owned),
            auth_time,
            expires,
            redeemed: None,
        };
        let put = Put::json(key(context, &code), &record, Expect::Absent)?.expires(expires);
        Ok((code, put))
    }

    /// Returns what a code stands for, spent or not; none when it is none of this client's.
    pub(crate) async fn authorization_code(
        &self,
        context: &ClientContext,
        code: &SecretText,
    ) -> Result<Option<Versioned<AuthorizationCode>>, IdentityError> {
        if code.expose().len() > CODE_CHARACTERS_MAX {
            return Ok(None);
        }
        let found = self.read::<AuthorizationCode>(&key(context, code)).await?;
        Ok(found.filter(|code| code.value.client_id == context.client.client_id))
    }

    /// Returns the write that spends a code for the family `origin_jti`.
    pub(crate) fn spend_authorization_code(
        &self,
        code: &Versioned<AuthorizationCode>,
        origin_jti: &str,
    ) -> Result<Put, IdentityError> {
        let mut spent = code.value.clone();
        spent.redeemed = Some(origin_jti.to_owned());
        let until = self.clock.now().plus_seconds(TOKEN_SECONDS_MAX);
        Ok(Put::json(code.key.clone(), &spent, code.expect())?.expires(until))
    }
}

fn key(context: &ClientContext, code: &SecretText) -> RecordKey {
    let hash = digest::digest(&digest::SHA256, code.expose().as_bytes());
    let id = inside(&context.pool.id, &STANDARD_NO_PAD.encode(hash));
    RecordKey::new(&context.scope, kinds::AUTHORIZATION_CODE, id)
}
