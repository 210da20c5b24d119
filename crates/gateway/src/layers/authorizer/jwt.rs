//! `JWT`: a token of an issuer of the authorizer, for one of its audiences, with one of the route's scopes if it has any. That of a
//! REST API has several issuers, algorithms of its choice, and claims that must be there.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-jwt-authorizer.html>. An issuer that is ours is
//! resolved to its pool in the snapshot and never asked over the network; revoked tokens and those of users who signed out are
//! refused at once, which AWS does not do. The keys of other issuers are in `issuers`.

use std::rc::Rc;

use portcullis_engines::jwt::{Algorithm, Claims, Compact};
use portcullis_model::Timestamp;
use serde_json::Value;

use super::{
    cognito,
    jwt_configuration::{JwtAuthorizer, Source, TrustedIssuer},
    token::{self, Fault},
    token_cache::{TokenUse, VerifiedToken},
};
use crate::{
    decision::{Reason, shown},
    exchange::Exchange,
    gateway::Worker,
    issuers::KeySet,
    mapping::query,
    refusal::{Refusal, RefusalKind},
};

/// The scopes of a route, one of which a token must have; none asks for none.
pub(crate) struct Scopes {
    wanted: Vec<Box<str>>,
}

impl Scopes {
    pub(crate) fn new(scopes: &[String]) -> Self {
        Self {
            wanted: scopes.iter().map(|scope| scope.as_str().into()).collect(),
        }
    }

    /// Returns those that the token has; none when none are wanted.
    pub(super) fn matched(&self, token: &VerifiedToken) -> Option<Vec<&str>> {
        let matching = self.wanted.iter().filter(|scope| token.has_scope(scope));
        (!self.wanted.is_empty()).then(|| matching.map(AsRef::as_ref).collect())
    }
}

/// Decides about the token of an exchange.
pub(super) async fn check(
    authorizer: &JwtAuthorizer,
    scopes: &Scopes,
    exchange: &Exchange,
    worker: &Worker,
) -> Result<(Rc<VerifiedToken>, Reason), Refusal> {
    let token = presented(authorizer, exchange).map_err(invalid_token)?;
    let Some(token) = token else {
        return Err(
            Refusal::new(RefusalKind::Unauthorized, authorizer.source.missing()).with_challenge("Bearer"),
        );
    };
    let (verified, reason) = match seen_before(authorizer, &token, exchange, worker) {
        Some(verified) => {
            let reason = verified.seen_before();
            (verified, reason)
        }
        // On the heap, so that a hit does not carry the room for a fetch.
        None => Box::pin(verify(authorizer, &token, exchange, worker)).await?,
    };
    token::check_still_good(&verified, &token, exchange, worker)
        .and_then(|()| check_claims(authorizer, &verified))
        .map_err(invalid_token)?;
    check_scopes(scopes, &verified, exchange)?;
    Ok((verified, reason))
}

/// Returns the token that the identity source holds, if there is one.
fn presented<'a>(
    authorizer: &JwtAuthorizer,
    exchange: &'a Exchange,
) -> Result<Option<std::borrow::Cow<'a, str>>, Fault> {
    let present = |token: &'a str| (!token.is_empty()).then_some(token.into());
    match &authorizer.source {
        Source::Header(name) => Ok(token::header(exchange, name)?
            .map(token::without_scheme)
            .and_then(present)),
        Source::Query(name) => {
            let mut values = query::values(exchange.request().query().unwrap_or_default(), name);
            let Some(value) = values.next() else {
                return Ok(None);
            };
            if values.next().is_some() {
                return Err(Fault::new(
                    format!("more than one parameter `{name}`"),
                    "the token is malformed",
                ));
            }
            drop(values);
            let text = String::from_utf8(value.into_owned()).unwrap_or_default();
            Ok((!text.is_empty()).then_some(text.into()))
        }
    }
}

impl Source {
    fn missing(&self) -> String {
        match self {
            Self::Header(name) => format!("no token in the header `{name}`"),
            Self::Query(name) => format!("no token in the query parameter `{name}`"),
        }
    }
}

/// Returns a token whose signature was checked by keys that an issuer of the authorizer still has.
fn seen_before(
    authorizer: &JwtAuthorizer,
    token: &str,
    exchange: &Exchange,
    worker: &Worker,
) -> Option<Rc<VerifiedToken>> {
    let verified = worker.tokens().find(token)?;
    let generation = match exchange.snapshot().pool(&verified.signer) {
        Some(pool) => authorizer.issuer(pool.issuer()).map(|_| pool.generation()),
        None => {
            let issuer = authorizer.issuer(&verified.signer)?;
            worker.issuers().generation(&issuer.url, exchange.started())
        }
    };
    (generation == Some(verified.generation)).then_some(verified)
}

async fn verify(
    authorizer: &JwtAuthorizer,
    token: &str,
    exchange: &Exchange,
    worker: &Worker,
) -> Result<(Rc<VerifiedToken>, Reason), Refusal> {
    let (compact, claimed) = token::parse(token).map_err(invalid_token)?;
    check_algorithm(authorizer, compact.header().algorithm).map_err(invalid_token)?;
    let issuer = claimed.text("iss").unwrap_or_default();
    let Some(issuer) = authorizer.issuer(issuer) else {
        return Err(invalid_token(Fault::new(
            shown(&format!(
                "the issuer `{issuer}` is not that of authorizer `{}`",
                authorizer.name
            )),
            "the token does not have a valid issuer",
        )));
    };
    let url = &issuer.url;
    let verified = match exchange.snapshot().pool_of(url) {
        Some(pool) => cognito::verify_by_pool(pool, &compact, claimed, exchange).map_err(invalid_token)?,
        // Ours by its name, and not there: asking the network would ask whoever is there.
        None if worker.issuers().is_ours(url) => {
            return Err(Refusal::new(
                RefusalKind::AuthorizerConfigurationError,
                format!("the issuer `{url}` is ours, and there is no such pool"),
            ));
        }
        None => verify_by_issuer(url, &compact, claimed, exchange, worker).await?,
    };
    Ok(cognito::keep(token, verified, worker))
}

/// Nothing is tried that the authorizer does not allow, whatever a key could do.
fn check_algorithm(authorizer: &JwtAuthorizer, algorithm: Algorithm) -> Result<(), Fault> {
    if authorizer.algorithms.contains(&algorithm) {
        return Ok(());
    }
    Err(Fault::new(
        format!(
            "authorizer `{}` does not take the algorithm `{algorithm}`",
            authorizer.name
        ),
        format!("signing method {algorithm} is invalid"),
    ))
}

/// Verifies a token by the keys that its issuer publishes.
async fn verify_by_issuer(
    url: &str,
    compact: &Compact<'_>,
    claimed: Claims,
    exchange: &Exchange,
    worker: &Worker,
) -> Result<VerifiedToken, Refusal> {
    // An expired token is no reason to ask its issuer for keys.
    claimed
        .check_times(exchange.started(), 0)
        .map_err(|cause| invalid_token(cause.into()))?;
    let Some(kid) = compact.header().kid.as_deref() else {
        let cause = "the token does not name its key";
        return Err(invalid_token(Fault::new(cause, "the token is malformed")));
    };
    let keys = worker
        .issuers()
        .keys(url, kid, exchange.started(), worker)
        .await
        .map_err(|cause| {
            let cause = shown(&format!("the keys of `{url}`: {cause}"));
            invalid_token(Fault::new(cause, "OIDC discovery endpoint communication error"))
        })?;
    token::check_signature(
        compact,
        &claimed,
        format_args!("the issuer `{url}`"),
        |kid| keys.find(kid),
        exchange.started(),
    )
    .map_err(invalid_token)?;
    VerifiedToken::of_issuer(url, &keys, compact.header().algorithm, claimed).map_err(invalid_token)
}

impl VerifiedToken {
    fn of_issuer(issuer: &str, keys: &KeySet, algorithm: Algorithm, claims: Claims) -> Result<Self, Fault> {
        let time = |name: &str| claims.number(name).map(Timestamp::from_seconds);
        let Some(expires) = time("exp") else {
            return Err(Fault::new("the claim `exp` is missing", "the token is malformed"));
        };
        let shown_sub = shown(claims.text("sub").unwrap_or("nobody"));
        Ok(Self {
            signer: issuer.into(),
            generation: keys.generation(),
            algorithm,
            token_use: TokenUse::Foreign,
            issued: time("iat").unwrap_or(Timestamp(0)),
            expires,
            revocation_keys: None,
            described: format!("token of `{shown_sub}` from `{issuer}`").into(),
            claims,
        })
    }
}

/// What the authorizer asks of a token, each time: another authorizer may have let it in before.
fn check_claims(authorizer: &JwtAuthorizer, verified: &VerifiedToken) -> Result<(), Fault> {
    check_algorithm(authorizer, verified.algorithm)?;
    let issuer = verified.claims.text("iss").unwrap_or_default();
    let Some(issuer) = authorizer.issuer(issuer) else {
        return Err(Fault::new(
            "the issuer is none of the authorizer's",
            "the token does not have a valid issuer",
        ));
    };
    check_audience(authorizer, issuer, verified)?;
    for rule in &issuer.claims {
        let value = verified.claims.get(&rule.name);
        let fits = match value.as_deref() {
            None | Some(Value::Null) => !rule.required,
            Some(Value::String(text)) => {
                rule.values.is_empty() || rule.values.iter().any(|wanted| **wanted == **text)
            }
            Some(_) => false,
        };
        if !fits {
            return Err(Fault::new(
                format!(
                    "the claim `{}` is not what authorizer `{}` asks for",
                    rule.name, authorizer.name
                ),
                "the token does not have a valid claim",
            ));
        }
    }
    Ok(())
}

/// `aud` counts; on HTTP APIs `client_id` where there is no `aud`, as in Cognito's access tokens.
fn check_audience(
    authorizer: &JwtAuthorizer,
    issuer: &TrustedIssuer,
    verified: &VerifiedToken,
) -> Result<(), Fault> {
    let claim = if verified.claims.contains("aud") || !issuer.takes_client_id {
        "aud"
    } else {
        "client_id"
    };
    let listed = |name: &str| issuer.audiences.iter().any(|known| **known == *name);
    let fits = match verified.claims.text(claim) {
        Some(name) => listed(name),
        None if claim == "aud" => match verified.claims.get(claim).as_deref() {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).any(listed),
            _ => false,
        },
        None => false,
    };
    if fits {
        return Ok(());
    }
    Err(Fault::new(
        format!(
            "the claim `{claim}` names no audience of authorizer `{}`",
            authorizer.name
        ),
        "the token does not have a valid audience",
    ))
}

fn check_scopes(scopes: &Scopes, verified: &VerifiedToken, exchange: &Exchange) -> Result<(), Refusal> {
    let wanted = &scopes.wanted;
    if wanted.is_empty() || wanted.iter().any(|scope| verified.has_scope(scope)) {
        return Ok(());
    }
    let wanted = wanted.join(" ");
    let cause = format!("the token has none of the scopes `{wanted}`");
    // Of a REST API AWS says 403 Forbidden, without the gateway response's name.
    if !exchange.is_http_api() {
        return Err(Refusal::new(RefusalKind::AccessDenied, cause).with_message("Forbidden"));
    }
    Err(Refusal::new(RefusalKind::Forbidden, cause).with_challenge(format!(
        "Bearer scope=\"{wanted}\" error=\"insufficient_scope\" error_description=\"the token does not have a valid scope\""
    )))
}

fn invalid_token(fault: Fault) -> Refusal {
    let challenge = format!(
        "Bearer scope=\"\" error=\"invalid_token\" error_description=\"{}\"",
        fault.description
    );
    Refusal::new(RefusalKind::Unauthorized, fault.cause).with_challenge(challenge)
}
