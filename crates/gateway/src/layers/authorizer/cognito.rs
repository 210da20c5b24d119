//! `COGNITO_USER_POOLS`: a token of one of the authorizer's user pools. Without scopes an ID token, with scopes an access
//! token that holds one of them.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html>. Unlike AWS, a
//! token that was revoked, or whose user signed out, is refused at once.

use std::{rc::Rc, sync::Arc};

use portcullis_engines::java_pattern;
use portcullis_engines::jwt::{Algorithm, Claims, Compact};
use portcullis_model::{Timestamp, arn::Arn, is_token, resources::apigateway::Authorizer as AuthorizerModel};
use regex::Regex;

use super::{
    token::{self, Fault},
    token_cache::{TokenUse, VerifiedToken},
};
use crate::{
    decision::{Reason, shown},
    exchange::Exchange,
    gateway::Worker,
    refusal::{Refusal, RefusalKind},
    revocations::RevocationKeys,
    snapshot::PoolSnapshot,
};

const HEADER_SOURCE: &str = "method.request.header.";

/// A Cognito authorizer, ready.
pub(crate) struct CognitoAuthorizer {
    name: Box<str>,
    /// ARN and pool id of each pool.
    providers: Vec<(Box<str>, Box<str>)>,
    header: Box<str>,
    /// Must match the whole `aud`, as Java's `matches` does.
    audience: Option<Regex>,
}

impl CognitoAuthorizer {
    /// Compiles `authorizer`; the error names field and reason.
    pub(crate) fn compile(authorizer: &AuthorizerModel) -> Result<Arc<Self>, String> {
        let name = &authorizer.name;
        if authorizer.provider_arns.is_empty() {
            return Err(format!("authorizer `{name}`: providerARNs names no user pool"));
        }
        let provider = |arn: &String| {
            let pool_id = arn
                .parse::<Arn>()
                .ok()
                .filter(|parsed| parsed.service == "cognito-idp");
            pool_id
                .and_then(|parsed| parsed.resource.strip_prefix("userpool/").map(Into::into))
                .map(|id| (arn.as_str().into(), id))
                .ok_or_else(|| format!("authorizer `{name}`: providerARNs: `{arn}` is no user pool's ARN"))
        };
        let providers = authorizer
            .provider_arns
            .iter()
            .map(provider)
            .collect::<Result<_, _>>()?;
        let source = authorizer.identity_source.as_deref();
        let header = source.map_or(Some("Authorization"), |source| source.strip_prefix(HEADER_SOURCE));
        let header = header.filter(|header| is_token(header)).ok_or_else(|| {
            format!(
                "authorizer `{name}`: identitySource: `{}` is not supported: use `{HEADER_SOURCE}NAME`",
                source.unwrap_or_default()
            )
        })?;
        let compile = |expression: &str| {
            java_pattern::compile(expression, true)
                .map_err(|cause| format!("authorizer `{name}`: identityValidationExpression: {cause}"))
        };
        let expression = authorizer.identity_validation_expression.as_deref();
        Ok(Arc::new(Self {
            name: name.as_str().into(),
            providers,
            header: header.into(),
            audience: expression
                .filter(|expression| !expression.is_empty())
                .map(compile)
                .transpose()?,
        }))
    }

    fn trusts(&self, pool_arn: &str) -> bool {
        self.providers.iter().any(|(arn, _)| **arn == *pool_arn)
    }
}

/// Decides about the token of an exchange.
pub(crate) fn check(
    authorizer: &CognitoAuthorizer,
    scopes: &[Box<str>],
    exchange: &Exchange,
    worker: &Worker,
) -> Result<(Rc<VerifiedToken>, Reason), Refusal> {
    let token = presented(authorizer, exchange)?;
    let (verified, reason) = match seen_before(authorizer, token, exchange, worker) {
        Some(verified) => {
            let reason = verified.seen_before();
            (verified, reason)
        }
        None => verify(authorizer, token, exchange, worker)?,
    };
    token::check_still_good(&verified, token, exchange, worker)?;
    check_use(authorizer, scopes, &verified)?;
    Ok((verified, reason))
}

/// Returns the token that the identity source holds, raw or after `Bearer`.
fn presented<'a>(authorizer: &CognitoAuthorizer, exchange: &'a Exchange) -> Result<&'a str, Refusal> {
    let header = &authorizer.header;
    let Some(value) = token::header(exchange, header)? else {
        return Err(unauthorized(format!("no header `{header}`")));
    };
    let token = token::without_scheme(value);
    if token.is_empty() {
        return Err(unauthorized(format!("header `{header}` holds no token")));
    }
    Ok(token)
}

/// Returns a token whose signature was checked by keys that the pool still has, for a pool that is trusted here.
fn seen_before(
    authorizer: &CognitoAuthorizer,
    token: &str,
    exchange: &Exchange,
    worker: &Worker,
) -> Option<Rc<VerifiedToken>> {
    let verified = worker.tokens().find(token)?;
    let pool = exchange.snapshot().pool(&verified.signer)?;
    (pool.generation() == verified.generation && authorizer.trusts(&verified.signer)).then_some(verified)
}

fn verify(
    authorizer: &CognitoAuthorizer,
    token: &str,
    exchange: &Exchange,
    worker: &Worker,
) -> Result<(Rc<VerifiedToken>, Reason), Refusal> {
    let (compact, claimed) = token::parse(token)?;
    check_algorithm(&compact)?;
    let pool = issuing_pool(authorizer, &claimed, exchange)?;
    let verified = verify_by_pool(pool, &compact, claimed, exchange)?;
    Ok(keep(token, verified, worker))
}

/// Verifies a token by the keys of the pool that its issuer names.
pub(super) fn verify_by_pool(
    pool: &PoolSnapshot,
    compact: &Compact<'_>,
    claimed: Claims,
    exchange: &Exchange,
) -> Result<VerifiedToken, Fault> {
    check_algorithm(compact)?;
    token::check_signature(
        compact,
        &claimed,
        format_args!("pool `{}`", pool.id()),
        |kid| pool.key(kid),
        exchange.started(),
    )?;
    VerifiedToken::of_pool(pool, claimed)
}

/// Remembers a verified token; the reason says that it was new.
pub(super) fn keep(token: &str, verified: VerifiedToken, worker: &Worker) -> (Rc<VerifiedToken>, Reason) {
    let verified = Rc::new(verified);
    worker.tokens().keep(token, Rc::clone(&verified));
    let reason = verified.verified();
    (verified, reason)
}

/// Cognito signs with RS256 alone; nothing else is tried, whatever a key could do.
fn check_algorithm(compact: &Compact<'_>) -> Result<(), Fault> {
    match compact.header().algorithm {
        Algorithm::Rs256 => Ok(()),
        other => Err(Fault::new(
            format!("the algorithm `{other}` is not RS256"),
            format!("signing method {other} is invalid"),
        )),
    }
}

/// Finds the pool that a token says it is from, among those that the authorizer names.
fn issuing_pool<'a>(
    authorizer: &CognitoAuthorizer,
    claimed: &Claims,
    exchange: &'a Exchange,
) -> Result<&'a PoolSnapshot, Refusal> {
    let issuer = claimed.text("iss").unwrap_or_default();
    let mut known = false;
    for (arn, _) in &authorizer.providers {
        if let Some(pool) = exchange.snapshot().pool(arn) {
            known = true;
            if pool.issuer() == issuer {
                return Ok(pool);
            }
        }
    }
    let is_missing = |id: &str| issuer.rsplit_once('/').is_some_and(|(_, name)| name == id);
    let missing = authorizer
        .providers
        .iter()
        .find(|(arn, id)| exchange.snapshot().pool(arn).is_none() && (!known || is_missing(id)));
    if let Some((arn, _)) = missing {
        return Err(Refusal::new(
            RefusalKind::AuthorizerConfigurationError,
            format!(
                "authorizer `{}` names the pool `{arn}`, which does not exist",
                authorizer.name
            ),
        ));
    }
    Err(unauthorized(shown(&format!(
        "the issuer `{issuer}` is no pool of authorizer `{}`",
        authorizer.name
    ))))
}

impl VerifiedToken {
    fn of_pool(pool: &PoolSnapshot, claims: Claims) -> Result<Self, Fault> {
        let malformed = |cause: &'static str| Fault::new(cause, "the token is malformed");
        let token_use = match claims.text("token_use") {
            Some("id") => TokenUse::Id,
            Some("access") => TokenUse::Access,
            _ => return Err(malformed("the claim `token_use` is neither `id` nor `access`")),
        };
        let time = |name: &str| claims.number(name).map(Timestamp::from_seconds);
        // Without `iat` nobody could tell whether it was issued before a sign-out.
        let (Some(issued), Some(expires)) = (time("iat"), time("exp")) else {
            return Err(malformed("the claim `iat` or `exp` is missing"));
        };
        let sub = claims.text("sub");
        let kind = match token_use {
            TokenUse::Id => "ID",
            _ => "access",
        };
        let shown_sub = sub.unwrap_or("nobody");
        Ok(Self {
            signer: Arc::clone(pool.arn()),
            generation: pool.generation(),
            // Pools sign with nothing else, and nothing else was tried.
            algorithm: Algorithm::Rs256,
            token_use,
            issued,
            expires,
            revocation_keys: Some(RevocationKeys::new(pool.id(), claims.text("origin_jti"), sub)),
            described: format!("{kind} token of `{shown_sub}` from pool `{}`", pool.id()).into(),
            claims,
        })
    }
}

/// The kind of token that the method asks for, its scopes, and the authorizer's expression on `aud`.
fn check_use(
    authorizer: &CognitoAuthorizer,
    scopes: &[Box<str>],
    verified: &VerifiedToken,
) -> Result<(), Refusal> {
    if let Some(expression) = &authorizer.audience {
        let audience = verified.claims.text("aud");
        if !audience.is_some_and(|audience| expression.is_match(audience)) {
            return Err(unauthorized(
                "the claim `aud` does not match the identity validation expression",
            ));
        }
    }
    match (scopes, verified.token_use) {
        ([], TokenUse::Id) => Ok(()),
        ([], TokenUse::Access) => Err(unauthorized(
            "`token_use` is `access`: a method without scopes wants an ID token",
        )),
        (_, TokenUse::Id) => Err(unauthorized(
            "`token_use` is `id`: a method with scopes wants an access token",
        )),
        (_, TokenUse::Foreign) => Err(unauthorized("the token is of no user pool")),
        (wanted, TokenUse::Access) if wanted.iter().any(|scope| verified.has_scope(scope)) => Ok(()),
        (wanted, TokenUse::Access) => Err(unauthorized(format!(
            "the token has none of the scopes `{}`",
            wanted.join(" ")
        ))),
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        unauthorized(fault.cause)
    }
}

fn unauthorized(cause: impl Into<Reason>) -> Refusal {
    Refusal::new(RefusalKind::Unauthorized, cause)
}
