//! The decision: does the signature hold, for this request, now?

use portcullis_model::{SecretText, Timestamp};
use subtle::ConstantTimeEq as _;

use super::{
    BodyHash, Form, Options, Presented, SigV4Error, SignableRequest, SigningKey, canonical_request,
    date::format_date,
};

/// How far a request's date may be from ours.
pub const SKEW_SECONDS_MAX: i64 = 300;

/// CloudFront adds it on the way to an origin, after the client signed.
const ADDED_ON_THE_WAY: &str = "x-amz-cf-id";

/// Checks the signature of `request`, whose whole body is `body`, with the secret of the claimed key.
pub fn verify(
    request: &SignableRequest<'_>,
    presented: &Presented,
    secret: &SecretText,
    body: &[u8],
    now: Timestamp,
    options: &Options,
) -> Result<(), SigV4Error> {
    verify_with_key(
        request,
        presented,
        &presented.signing_key(secret),
        body,
        now,
        options,
    )
}

/// Like [`verify`], with a signing key that was kept ([`Presented::signing_key_id`]).
pub fn verify_with_key(
    request: &SignableRequest<'_>,
    presented: &Presented,
    key: &SigningKey,
    body: &[u8],
    now: Timestamp,
    options: &Options,
) -> Result<(), SigV4Error> {
    let payload = BodyHash::of(body, request.headers, options)?;
    check(request, presented, key, &payload, now, options)
}

/// Checks the signature of a request whose body nobody has read yet, as far as that can be done: time and headers, and the
/// signature itself where a header claims the body's hash. The body is then still to be compared with it.
pub fn verify_before_body(
    request: &SignableRequest<'_>,
    presented: &Presented,
    key: &SigningKey,
    now: Timestamp,
    options: &Options,
) -> Result<(), SigV4Error> {
    match BodyHash::claimed(request.headers, options)? {
        Some(payload) => check(request, presented, key, &payload, now, options),
        None => {
            check_time(presented, now)?;
            check_signed_headers(request, presented, options)
        }
    }
}

fn check(
    request: &SignableRequest<'_>,
    presented: &Presented,
    key: &SigningKey,
    payload: &BodyHash,
    now: Timestamp,
    options: &Options,
) -> Result<(), SigV4Error> {
    check_time(presented, now)?;
    check_signed_headers(request, presented, options)?;
    let canonical = canonical_request::render(request, &presented.signed_headers, payload.as_str(), options);
    let expected = key.signature(presented.date, &presented.scope(), &canonical);
    if expected.as_bytes().ct_eq(presented.signature.as_bytes()).into() {
        Ok(())
    } else {
        Err(SigV4Error::SignatureMismatch)
    }
}

fn check_time(presented: &Presented, now: Timestamp) -> Result<(), SigV4Error> {
    let date = presented.date;
    let latest = now.plus_seconds(SKEW_SECONDS_MAX);
    if date > latest {
        return Err(SigV4Error::NotYetCurrent {
            date: format_date(date),
            latest: format_date(latest),
            now: format_date(now),
        });
    }
    match presented.form {
        Form::Header => {
            let earliest = now.plus_seconds(-SKEW_SECONDS_MAX);
            // Whole seconds on both sides: a date carries no fraction.
            if date.seconds() < earliest.seconds() {
                return Err(SigV4Error::Expired {
                    date: format_date(date),
                    earliest: format_date(earliest),
                    now: format_date(now),
                });
            }
        }
        Form::Presigned { expires_seconds } => {
            let until = date.plus_seconds(i64::from(expires_seconds));
            if now > until {
                return Err(SigV4Error::PresignedExpired {
                    until: format_date(until),
                    now: format_date(now),
                });
            }
        }
    }
    Ok(())
}

/// `host` and every `x-amz-*` header of the request must be signed: unsigned ones could be changed on the way
/// (`x-amz-target` names the operation).
fn check_signed_headers(
    request: &SignableRequest<'_>,
    presented: &Presented,
    options: &Options,
) -> Result<(), SigV4Error> {
    let is_signed = |name: &str| {
        presented
            .signed_headers
            .binary_search_by(|signed| signed.as_str().cmp(name))
            .is_ok()
    };
    if !is_signed("host") {
        return Err(SigV4Error::HostNotSigned);
    }
    for (name, _) in request.headers.iter() {
        let is_amazon = name
            .get(..6)
            .is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"x-amz-"));
        if !is_amazon {
            continue;
        }
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        let is_late_token = options.unsigned_session_token && name == "x-amz-security-token";
        if !is_signed(&name) && !is_late_token && name != ADDED_ON_THE_WAY {
            return Err(SigV4Error::HeaderNotSigned(name));
        }
    }
    // A name without a header would sign nothing; clients never do this.
    for name in &presented.signed_headers {
        if request.headers.get(name).is_none() {
            return Err(SigV4Error::SignatureMismatch);
        }
    }
    if request.headers.all("host").nth(1).is_some() {
        return Err(SigV4Error::Duplicate("host".into()));
    }
    Ok(())
}
