//! Who signed a call of an API. What can be known without the body is asked before a byte of it is read: whoever has no key of
//! ours cannot make us read ten megabytes.
//!
//! Signature and route see one path: SigV4 signs a normalised one, so a path that normalising would change is refused before
//! the signature is looked at, and what was presigned for `/b` never fits `/admin/../b`.
//! Chunked payloads (`STREAMING-AWS4-HMAC-SHA256-PAYLOAD` and its kin) are S3's; they are refused by name.

use std::{rc::Rc, sync::Arc};

use portcullis_engines::{
    iam::Policy,
    sigv4::{self, Options, Presented, SigV4Error, SignableRequest},
};
use portcullis_model::{HeaderList, SecretText};

use super::signers::OpenSession;
use crate::{
    callers::CallersKey,
    decision::shown,
    exchange::{BODY_BYTES_MAX, BodyNeed, Exchange},
    gateway::Worker,
    http::{Body, Request},
    mapping::query,
    ports::SessionRefusal,
    refusal::{Refusal, RefusalKind},
};

const SERVICE: &str = "execute-api";
const OPTIONS: Options = Options {
    normalize_path: true,
    double_encode: true,
    allow_unsigned_payload: true,
    unsigned_session_token: false,
};

/// A signature's claim, and whose secret it is to be checked with.
pub(super) struct Claim {
    pub(super) presented: Presented,
    pub(super) signer: Signer,
}

/// Whose key it is.
pub(super) enum Signer {
    Key(Arc<CallersKey>),
    Session(Rc<OpenSession>),
}

impl Signer {
    fn secret(&self) -> &SecretText {
        match self {
            Self::Key(key) => &key.secret,
            Self::Session(open) => &open.secret,
        }
    }
}

/// The parts of a request that its signature covers.
struct Signable<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: HeaderList,
}

impl<'a> Signable<'a> {
    fn of(exchange: &'a Exchange) -> Result<Self, Refusal> {
        let request = exchange.request();
        let text = |bytes: &'a [u8], part: &'static str| {
            std::str::from_utf8(bytes).map_err(|_| refusal(&SigV4Error::Malformed(part)))
        };
        Ok(Self {
            method: text(&request.method, "method")?,
            path: text(request.path(), "path")?,
            query: text(request.query().unwrap_or_default(), "query string")?,
            headers: with_host(&request.headers, &request.authority),
        })
    }

    const fn request(&self) -> SignableRequest<'_> {
        SignableRequest {
            method: self.method,
            path: self.path,
            query: self.query,
            headers: &self.headers,
        }
    }
}

/// Returns how much of the body a signature covers: all of it, unless it says otherwise, there is none, or the call is to be
/// refused whatever its body is.
pub(crate) fn body_need(exchange: &Exchange, worker: &Worker) -> BodyNeed {
    if !may_be_signed(exchange.request()) || !is_covered(exchange) || !has_body(exchange) {
        return BodyNeed::None;
    }
    let checked = Signable::of(exchange).and_then(|signable| {
        let claim = claim(exchange, worker, &signable)?;
        let key = worker
            .signers()
            .signing_key(&claim.presented, claim.signer.secret());
        let (request, now) = (signable.request(), exchange.started());
        sigv4::verify_before_body(&request, &claim.presented, &key, now, &OPTIONS)
            .map_err(|error| refusal(&error))
    });
    match checked {
        Ok(()) => BodyNeed::Whole(BODY_BYTES_MAX),
        Err(_) => BodyNeed::None,
    }
}

/// Checks the signature; nothing is said of permissions.
pub(super) fn authenticate(exchange: &Exchange, worker: &Worker) -> Result<Claim, Refusal> {
    let signable = Signable::of(exchange)?;
    let claim = claim(exchange, worker, &signable)?;
    let key = worker
        .signers()
        .signing_key(&claim.presented, claim.signer.secret());
    let (request, now) = (signable.request(), exchange.started());
    let body = exchange.body_as_sent();
    sigv4::verify_with_key(&request, &claim.presented, &key, &body, now, &OPTIONS)
        .map_err(|error| refusal(&error))?;
    // Should the claim have become good only now, its body was not read: nothing is said of that.
    if is_covered(exchange) && !matches!(exchange.request().body, Body::Empty | Body::Full(_)) {
        return Err(refusal(&SigV4Error::BodyHash));
    }
    Ok(claim)
}

/// Finds the signature, what it is for, and whose key it names.
fn claim(exchange: &Exchange, worker: &Worker, signable: &Signable<'_>) -> Result<Claim, Refusal> {
    let presented = sigv4::parse(&signable.request()).map_err(|error| refusal(&error))?;
    let presented = presented.ok_or_else(|| refusal(&SigV4Error::MissingAuthenticationToken))?;
    let region = exchange.stage().map(|stage| stage.scope.region.as_str());
    presented
        .check_scope(region.unwrap_or_default(), &[SERVICE])
        .map_err(|error| refusal(&error))?;
    let signer = match &presented.session_token {
        Some(token) => Signer::Session(session(exchange, worker, &presented.access_key_id, token)?),
        None => {
            let key = worker.callers().key(&presented.access_key_id);
            Signer::Key(key.ok_or_else(|| unknown_key("no such access key, or it is inactive"))?)
        }
    };
    Ok(Claim { presented, signer })
}

/// Opens a session token, or finds it opened.
fn session(
    exchange: &Exchange,
    worker: &Worker,
    access_key_id: &str,
    token: &str,
) -> Result<Rc<OpenSession>, Refusal> {
    let now = exchange.started();
    if let Some(open) = worker.signers().session(token) {
        return match open.session.access_key_id.as_str() == access_key_id {
            true if now < open.session.expires => Ok(open),
            true => Err(expired()),
            false => Err(unknown_key("the session token belongs to another access key")),
        };
    }
    let opened = worker.sessions().open(access_key_id, token, now);
    let (session, secret) = opened.map_err(|refused| match refused {
        SessionRefusal::Unknown => unknown_key("the session token does not belong to the access key"),
        SessionRefusal::Expired => expired(),
    })?;
    let policies = session
        .policies
        .iter()
        .map(|document| Policy::parse(document).ok());
    let open = Rc::new(OpenSession {
        policies: policies.collect(),
        session,
        secret,
    });
    worker.signers().keep_session(token, Rc::clone(&open));
    Ok(open)
}

/// Tells whether a query parameter, its name still encoded, is part of a presigned signature.
pub(crate) fn is_of_signature(name: &[u8]) -> bool {
    query::decode(name, true).starts_with(b"X-Amz-")
}

/// Tells whether a request has what a signature could be in.
pub(crate) fn may_be_signed(request: &Request) -> bool {
    request.headers.get("authorization").is_some()
        || request
            .query()
            .is_some_and(|query| query::parameters(query).any(|(name, _)| is_of_signature(name)))
}

fn is_covered(exchange: &Exchange) -> bool {
    exchange.request().headers.text("x-amz-content-sha256") != Some("UNSIGNED-PAYLOAD")
}

fn has_body(exchange: &Exchange) -> bool {
    !matches!(exchange.request().body, Body::Empty)
}

/// Over HTTP/2 the authority stands where HTTP/1 has the header.
fn with_host(headers: &HeaderList, authority: &str) -> HeaderList {
    let mut headers = headers.clone();
    if headers.get("host").is_none() {
        headers.push("host", authority);
    }
    headers
}

fn refusal(error: &SigV4Error) -> Refusal {
    let kind = match error.json_code() {
        "MissingAuthenticationTokenException" => RefusalKind::MissingAuthenticationToken,
        "IncompleteSignatureException" => RefusalKind::IncompleteSignature,
        _ => RefusalKind::InvalidSignature,
    };
    let message = error.message();
    Refusal::new(kind, format!("signature: {}", shown(&message))).with_message(message)
}

pub(super) fn unknown_key(cause: &'static str) -> Refusal {
    Refusal::new(RefusalKind::UnrecognizedClient, cause)
        .with_message("The security token included in the request is invalid.")
}

fn expired() -> Refusal {
    Refusal::new(RefusalKind::ExpiredToken, "the session has expired")
        .with_message("The security token included in the request is expired")
}
