//! A producer's signature over one event, checked. `docs/events.md` says what is signed, in words.
//!
//! A detached JWS (RFC 7515, appendix F) under EdDSA with Ed25519 (RFC 8037), in the member `_signature` of the detail. Its
//! protected header names the bus (`aud`), the key (`kid`), an id of the producer's choice (`jti`) and the time (`iat`); its
//! payload is the canonical JSON (RFC 8785) of what the event says. So nothing can be changed, moved to another bus, kept
//! for later, or sent twice.

use portcullis_engines::{
    canonical_json::{self, CanonicalError},
    jwt::{Algorithm, Detached, JwtError},
};
use portcullis_model::Timestamp;
use serde_json::{Map, Value, json};

use crate::{producers::Producers, snapshot::CompiledBus};

/// The member of the detail that holds the signature.
pub const SIGNATURE_MEMBER: &str = "_signature";
/// Seconds between a signature's time and ours, before and after.
pub const WINDOW_SECONDS: i64 = 300;
/// Characters of an id that a producer chooses.
const ID_CHARACTERS_MAX: usize = 128;
/// Characters of what a stranger wrote that a trail keeps.
const SHOWN_CHARACTERS_MAX: usize = 200;

/// What a signature is over, as the entry has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed<'a> {
    pub(crate) source: &'a str,
    pub(crate) detail_type: &'a str,
    pub(crate) resources: &'a [String],
    pub(crate) detail: &'a Map<String, Value>,
    /// The entry's own time, if it has one.
    pub(crate) time: Option<Timestamp>,
}

/// A signature that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) key_id: String,
    /// The producer's id of the event: good once.
    pub(crate) id: String,
    pub(crate) time: Timestamp,
}

/// Why a signature does not hold. For the trail: names the key and bus that were presented, and nothing of the event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("unsigned: the detail has no text `{SIGNATURE_MEMBER}`, and the bus wants one")]
    Unsigned,
    #[error("malformed: {0}")]
    Malformed(String),
    #[error("malformed: the signature's header has no fitting `{0}`")]
    Header(&'static str),
    #[error("algorithm: the signature names `{0}`, only `EdDSA` is taken")]
    Algorithm(&'static str),
    #[error("unknown key: the bus has no producer `{0}`")]
    UnknownKey(String),
    #[error("another bus: the signature is for `{0}`")]
    AnotherBus(String),
    #[error("source: the key `{0}` may not sign for this source")]
    Source(String),
    #[error("ambiguous: a number is not exact in every reader: write it as text")]
    Ambiguous,
    #[error("forged or altered: the signature under `{0}` is not over this event")]
    Mismatch(String),
    #[error("stale: it was signed {0} seconds ago, at most {WINDOW_SECONDS} are allowed")]
    Stale(i64),
    #[error("from the future: its time is {0} seconds ahead, at most {WINDOW_SECONDS} are allowed")]
    Future(i64),
    #[error("time: the entry's `Time` is not the signature's `iat`")]
    Time,
}

impl Fault {
    /// Returns what the producer is told. More than "not valid" is told only to whoever holds the key.
    pub(crate) fn public(&self) -> &'static str {
        match self {
            Self::Unsigned => "The event bus accepts signed events only.",
            Self::Stale(_) | Self::Future(_) => {
                "The time of the event's signature is not close enough to now."
            }
            Self::Time => "The time of the event is not the time of its signature.",
            _ => "The event's signature is not valid for this event bus.",
        }
    }
}

/// Checks the signature of an event for `bus`; none is returned where the bus wants none.
pub(crate) fn check(bus: &CompiledBus, event: Signed<'_>, now: Timestamp) -> Result<Option<Verified>, Fault> {
    if !bus.producers.are_wanted() {
        return Ok(None);
    }
    let text = event.detail.get(SIGNATURE_MEMBER).and_then(Value::as_str);
    let malformed = |cause: JwtError| Fault::Malformed(shown(&cause.to_string()));
    let signature = Detached::parse(text.ok_or(Fault::Unsigned)?).map_err(malformed)?;
    verify(&bus.producers, &bus.arn, &signature, event, now).map(Some)
}

fn verify(
    producers: &Producers,
    bus_arn: &str,
    signature: &Detached<'_>,
    event: Signed<'_>,
    now: Timestamp,
) -> Result<Verified, Fault> {
    let header = signature.header();
    if header.algorithm != Algorithm::EdDsa {
        return Err(Fault::Algorithm(header.algorithm.name()));
    }
    let key_id = header.kid.clone().ok_or(Fault::Header("kid"))?;
    let audience = signature.text("aud").ok_or(Fault::Header("aud"))?;
    let id = signature
        .text("jti")
        .filter(|id| is_id(id))
        .ok_or(Fault::Header("jti"))?;
    let issued = signature.field("iat").and_then(|value| value.as_i64());
    let issued = issued
        .filter(|seconds| (0..=i64::from(u32::MAX)).contains(seconds))
        .ok_or(Fault::Header("iat"))?;
    let producer = producers
        .find(&key_id)
        .ok_or_else(|| Fault::UnknownKey(shown(&key_id)))?;
    if audience != bus_arn {
        return Err(Fault::AnotherBus(shown(audience)));
    }
    if !producer.may_send(event.source) {
        return Err(Fault::Source(key_id));
    }
    let payload = payload(event).map_err(|_| Fault::Ambiguous)?;
    signature
        .verify(&producer.key, Algorithm::EdDsa, payload.as_bytes())
        .map_err(|_| Fault::Mismatch(key_id.clone()))?;
    check_time(issued, event.time, now)?;
    Ok(Verified {
        key_id,
        id: id.to_owned(),
        time: Timestamp::from_seconds(issued),
    })
}

/// Returns the bytes that a producer signs: canonical JSON of all that the consumer will read.
fn payload(event: Signed<'_>) -> Result<String, CanonicalError> {
    let mut detail = event.detail.clone();
    detail.remove(SIGNATURE_MEMBER);
    canonical_json::render(&json!({
        "detail": detail,
        "detail-type": event.detail_type,
        "resources": event.resources,
        "source": event.source,
    }))
}

fn check_time(issued: i64, entry: Option<Timestamp>, now: Timestamp) -> Result<(), Fault> {
    let age = now.seconds() - issued;
    if age > WINDOW_SECONDS {
        return Err(Fault::Stale(age));
    }
    if age < -WINDOW_SECONDS {
        return Err(Fault::Future(-age));
    }
    if entry.is_some_and(|time| time.seconds() != issued) {
        return Err(Fault::Time);
    }
    Ok(())
}

/// A trail keeps the beginning of what nobody has signed, without characters that could command a terminal.
fn shown(text: &str) -> String {
    let harmless = |symbol: char| if symbol.is_control() { '\u{fffd}' } else { symbol };
    text.chars().take(SHOWN_CHARACTERS_MAX).map(harmless).collect()
}

/// The id becomes part of a record's name, so `/` is not among its characters.
fn is_id(id: &str) -> bool {
    (1..=ID_CHARACTERS_MAX).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte))
}
