//! What every authorizer of tokens does alike: take one token from a request, take it apart, check signature, expiry and
//! revocation. Which keys, claims and scopes are wanted is the authorizer's own matter.

use std::{borrow::Cow, fmt};

use portcullis_engines::jwt::{Claims, Compact, JwtError, VerifyingKey};
use portcullis_model::Timestamp;

use super::token_cache::VerifiedToken;
use crate::{
    decision::{Reason, shown},
    exchange::Exchange,
    gateway::Worker,
    revocations::Refused,
};

/// Why a token is not admitted.
#[derive(Debug)]
pub(super) struct Fault {
    /// For the trail.
    pub(super) cause: Reason,
    /// For a caller of an HTTP API, in the challenge of RFC 6750 section 3; never holds what the caller sent.
    pub(super) description: Cow<'static, str>,
}

impl Fault {
    pub(super) fn new(cause: impl Into<Reason>, description: impl Into<Cow<'static, str>>) -> Self {
        Self {
            cause: cause.into(),
            description: description.into(),
        }
    }
}

impl From<JwtError> for Fault {
    fn from(cause: JwtError) -> Self {
        let description = match &cause {
            JwtError::AlgorithmNotOffered(_) => "signing method is invalid",
            JwtError::SignatureMismatch | JwtError::AlgorithmDoesNotFitKey(_) => "the signature is invalid",
            JwtError::Expired => "the token has expired",
            JwtError::NotYetValid(_) => "the token is not valid yet",
            JwtError::NoTime(_) => "the token does not have a valid time",
            _ => "the token is malformed",
        };
        Self::new(shown(&cause.to_string()), description)
    }
}

/// Returns the value of the one header called `name`; none without it. Two tokens have no one meaning: the integration might
/// take the other.
pub(super) fn header<'a>(exchange: &'a Exchange, name: &str) -> Result<Option<&'a str>, Fault> {
    let mut values = exchange
        .request()
        .headers
        .iter()
        .filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
        .map(|(_, value)| value);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Fault::new(
            format!("more than one header `{name}`"),
            "the token is malformed",
        ));
    }
    Ok(Some(std::str::from_utf8(value).unwrap_or_default()))
}

/// Returns the token of a header's value, raw or after `Bearer`.
pub(super) fn without_scheme(value: &str) -> &str {
    let text = value.trim();
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        _ => text,
    }
}

/// Takes `token` apart; nothing is verified yet.
pub(super) fn parse(token: &str) -> Result<(Compact<'_>, Claims), Fault> {
    let compact = Compact::parse(token)?;
    let claims = compact.unverified_claims()?;
    Ok((compact, claims))
}

/// Checks signature and times by the key of `owner` that the token names.
pub(super) fn check_signature<'k>(
    compact: &Compact<'_>,
    claims: &Claims,
    owner: fmt::Arguments<'_>,
    key: impl FnOnce(&str) -> Option<&'k VerifyingKey>,
    now: Timestamp,
) -> Result<(), Fault> {
    let kid = compact.header().kid.as_deref().unwrap_or_default();
    let key = key(kid).ok_or_else(|| {
        Fault::new(
            shown(&format!("{owner} has no key `{kid}`")),
            "the token is signed with an unknown key",
        )
    })?;
    compact.verify_signature(key)?;
    claims.check_times(now, 0)?;
    Ok(())
}

/// Checks what may change after a token was verified: it expires, it is revoked, its user signs out.
pub(super) fn check_still_good(
    verified: &VerifiedToken,
    token: &str,
    exchange: &Exchange,
    worker: &Worker,
) -> Result<(), Fault> {
    if verified.expires <= exchange.started() {
        worker.tokens().forget(token);
        return Err(Fault::new("the token is expired", "the token has expired"));
    }
    let Some(keys) = &verified.revocation_keys else {
        return Ok(());
    };
    // Without a stage there is none that said to ignore them.
    if exchange.stage().is_some_and(|stage| !stage.heeds_revocations) {
        return Ok(());
    }
    let cause = match worker.revocations().refused(keys, verified.issued) {
        None => return Ok(()),
        Some(Refused::Revoked) => "the token was revoked",
        Some(Refused::SignedOut) => "the user signed out after the token was issued",
    };
    Err(Fault::new(cause, "the token was revoked"))
}
