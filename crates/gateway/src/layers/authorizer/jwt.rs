//! `JWT`: a token of the authorizer's issuer, for one of its audiences, with one of the route's scopes if it has any.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>. An issuer that is ours is
//! resolved to its pool in the snapshot and never asked over the network; revoked tokens and those of users who signed out are
//! refused at once, which AWS does not do. The keys of other issuers are in `issuers`.

use std::rc::Rc;

use portcullis_engines::jwt::{Algorithm, Claims, Compact};
use portcullis_model::{
    Timestamp, is_token,
    resources::apigatewayv2::{HttpAuthorizer, JwtConfiguration},
};

use super::{
    cognito,
    token::{self, Fault},
    token_cache::{TokenUse, VerifiedToken},
};
use crate::{
    decision::{Reason, shown},
    exchange::Exchange,
    gateway::Worker,
    issuers::{self, KeySet},
    mapping::query,
    refusal::{Refusal, RefusalKind},
};

/// Audiences of an authorizer, as AWS's quota.
const AUDIENCES_MAX: usize = 50;
const HEADER_SOURCE: &str = "$request.header.";
const QUERY_SOURCE: &str = "$request.querystring.";

/// A JWT authorizer, ready.
pub(crate) struct JwtAuthorizer {
    name: Box<str>,
    source: Source,
    issuer: Box<str>,
    audiences: Vec<Box<str>>,
}

/// Where the token stands.
enum Source {
    Header(Box<str>),
    Query(Box<str>),
}

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
        let matching = self.wanted.iter().filter(|scope| token.scopes.contains(scope));
        (!self.wanted.is_empty()).then(|| matching.map(AsRef::as_ref).collect())
    }
}

impl JwtAuthorizer {
    /// Compiles `authorizer` of an HTTP API; the error names field and reason.
    pub(super) fn compile(authorizer: &HttpAuthorizer, settings: &JwtConfiguration) -> Result<Self, String> {
        let [text] = authorizer.identity_source.as_slice() else {
            return Err("identitySource: a JWT authorizer has exactly one".into());
        };
        let source = if let Some(name) = text.strip_prefix(HEADER_SOURCE).filter(|name| is_token(name)) {
            Source::Header(name.into())
        } else if let Some(name) = text.strip_prefix(QUERY_SOURCE).filter(|name| !name.is_empty()) {
            Source::Query(name.into())
        } else {
            return Err(format!(
                "identitySource: `{text}`: use `{HEADER_SOURCE}NAME` or `{QUERY_SOURCE}NAME`"
            ));
        };
        if settings.audience.is_empty() {
            return Err(
                "jwtConfiguration/audience: name at least one, or any client's token would do".into(),
            );
        }
        if settings.audience.len() > AUDIENCES_MAX {
            return Err(format!(
                "jwtConfiguration/audience: there are more than {AUDIENCES_MAX}"
            ));
        }
        issuers::check_url(&settings.issuer)
            .map_err(|message| format!("jwtConfiguration/issuer: {message}"))?;
        Ok(Self {
            name: authorizer.name.as_str().into(),
            source,
            issuer: settings.issuer.as_str().into(),
            audiences: settings
                .audience
                .iter()
                .map(|audience| audience.as_str().into())
                .collect(),
        })
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
            let reason = (&verified.seen_before).into();
            (verified, reason)
        }
        // On the heap, so that a hit does not carry the room for a fetch.
        None => Box::pin(verify(authorizer, &token, exchange, worker)).await?,
    };
    token::check_still_good(&verified, &token, exchange, worker)
        .and_then(|()| check_audience(authorizer, &verified))
        .map_err(invalid_token)?;
    check_scopes(scopes, &verified)?;
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

/// Returns a token whose signature was checked by keys that the authorizer's issuer still has.
fn seen_before(
    authorizer: &JwtAuthorizer,
    token: &str,
    exchange: &Exchange,
    worker: &Worker,
) -> Option<Rc<VerifiedToken>> {
    let verified = worker.tokens().find(token)?;
    let generation = match exchange.snapshot().pool(&verified.signer) {
        Some(pool) => (pool.issuer() == &*authorizer.issuer).then(|| pool.generation()),
        None if *verified.signer == *authorizer.issuer => worker
            .issuers()
            .generation(&authorizer.issuer, exchange.started()),
        None => None,
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
    if claimed.text("iss") != Some(&*authorizer.issuer) {
        let issuer = claimed.text("iss").unwrap_or_default();
        return Err(invalid_token(Fault::new(
            shown(&format!(
                "the issuer `{issuer}` is not that of authorizer `{}`",
                authorizer.name
            )),
            "the token does not have a valid issuer",
        )));
    }
    let verified = match exchange.snapshot().pool_of(&authorizer.issuer) {
        Some(pool) => cognito::verify_by_pool(pool, &compact, claimed, exchange).map_err(invalid_token)?,
        // Ours by its name, and not there: asking the network would ask whoever is there.
        None if worker.issuers().is_ours(&authorizer.issuer) => {
            return Err(Refusal::new(
                RefusalKind::AuthorizerConfigurationError,
                format!(
                    "the issuer `{}` is ours, and there is no such pool",
                    authorizer.issuer
                ),
            ));
        }
        None => verify_by_issuer(authorizer, &compact, claimed, exchange, worker).await?,
    };
    Ok(cognito::keep(token, verified, worker))
}

/// Verifies a token by the keys that its issuer publishes.
async fn verify_by_issuer(
    authorizer: &JwtAuthorizer,
    compact: &Compact<'_>,
    claimed: Claims,
    exchange: &Exchange,
    worker: &Worker,
) -> Result<VerifiedToken, Refusal> {
    let header = compact.header();
    if !matches!(
        header.algorithm,
        Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512
    ) {
        return Err(invalid_token(Fault::new(
            format!("the algorithm `{}` is not RSA's", header.algorithm),
            format!("signing method {} is invalid", header.algorithm),
        )));
    }
    // An expired token is no reason to ask its issuer for keys.
    claimed
        .check_times(exchange.started(), 0)
        .map_err(|cause| invalid_token(cause.into()))?;
    let kid = header.kid.as_deref().unwrap_or_default();
    let keys = worker
        .issuers()
        .keys(&authorizer.issuer, kid, exchange.started(), worker)
        .await
        .map_err(|cause| {
            let cause = shown(&format!("the keys of `{}`: {cause}", authorizer.issuer));
            invalid_token(Fault::new(cause, "OIDC discovery endpoint communication error"))
        })?;
    let owner = format!("the issuer `{}`", authorizer.issuer);
    token::check_signature(
        compact,
        &claimed,
        &owner,
        |kid| keys.find(kid),
        exchange.started(),
    )
    .map_err(invalid_token)?;
    VerifiedToken::of_issuer(&authorizer.issuer, &keys, claimed).map_err(invalid_token)
}

impl VerifiedToken {
    fn of_issuer(issuer: &str, keys: &KeySet, claims: Claims) -> Result<Self, Fault> {
        let time = |name: &str| claims.number(name).map(Timestamp::from_seconds);
        let Some(expires) = time("exp") else {
            return Err(Fault::new("the claim `exp` is missing", "the token is malformed"));
        };
        let shown_sub = shown(claims.text("sub").unwrap_or("nobody"));
        Ok(Self {
            signer: issuer.into(),
            generation: keys.generation(),
            token_use: TokenUse::Foreign,
            issued: time("iat").unwrap_or(Timestamp(0)),
            expires,
            scopes: scopes_of(&claims),
            revocation_keys: None,
            seen_before: format!("seen before, token of `{shown_sub}` from `{issuer}`").into(),
            claims,
        })
    }
}

/// `scope` in one text (RFC 8693 section 4.2), or `scp`, a text or a list.
fn scopes_of(claims: &Claims) -> Vec<Box<str>> {
    let texts = claims
        .strings("scope")
        .or_else(|| claims.strings("scp"))
        .unwrap_or_default();
    texts
        .into_iter()
        .flat_map(str::split_ascii_whitespace)
        .map(Into::into)
        .collect()
}

/// `aud` counts; `client_id` only where there is no `aud`, as in Cognito's access tokens.
fn check_audience(authorizer: &JwtAuthorizer, verified: &VerifiedToken) -> Result<(), Fault> {
    let claim = if verified.claims.get("aud").is_some() {
        "aud"
    } else {
        "client_id"
    };
    let listed = |name: &str| authorizer.audiences.iter().any(|known| **known == *name);
    let fits = match verified.claims.get(claim) {
        Some(serde_json::Value::String(name)) => listed(name),
        Some(serde_json::Value::Array(names)) if claim == "aud" => {
            names.iter().filter_map(serde_json::Value::as_str).any(listed)
        }
        _ => false,
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

fn check_scopes(scopes: &Scopes, verified: &VerifiedToken) -> Result<(), Refusal> {
    let wanted = &scopes.wanted;
    if wanted.is_empty() || wanted.iter().any(|scope| verified.scopes.contains(scope)) {
        return Ok(());
    }
    let wanted = wanted.join(" ");
    Err(Refusal::new(
        RefusalKind::Forbidden,
        format!("the token has none of the scopes `{wanted}`"),
    )
    .with_challenge(format!(
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
