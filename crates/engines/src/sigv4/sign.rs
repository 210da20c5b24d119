//! Signing, for our own client: the headers to add, or the query of a presigned request.

use portcullis_model::{SecretText, Timestamp};

use super::{
    ALGORITHM, Options, SigV4Error, SignableRequest, SigningKey, canonical_request,
    content_hash::BodyHash,
    date::format_date,
    presigned::{SECURITY_TOKEN, SIGNATURE},
    signing_key::scope,
    uri_encoding::encode_into,
};

/// Headers that proxies may change or add.
const NEVER_SIGNED: [&str; 8] = [
    "authorization",
    "connection",
    "expect",
    "te",
    "trailer",
    "transfer-encoding",
    "user-agent",
    "x-amzn-trace-id",
];

/// A key with its secret.
#[derive(Clone)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret_access_key: SecretText,
    pub session_token: Option<String>,
}

/// Signs `request`, which must have its `host` header, and returns the headers to add.
pub fn sign(
    request: &SignableRequest<'_>,
    credentials: &Credentials,
    region: &str,
    service: &str,
    now: Timestamp,
    body: &[u8],
    options: &Options,
) -> Result<Vec<(&'static str, String)>, SigV4Error> {
    let date = format_date(now);
    let mut added = vec![("x-amz-date", date.clone())];
    if let Some(token) = &credentials.session_token {
        added.push(("x-amz-security-token", token.clone()));
    }
    let mut headers = request.headers.clone();
    for (name, value) in &added {
        headers.set(*name, value.clone());
    }
    let request = SignableRequest {
        headers: &headers,
        ..*request
    };
    let names = names_to_sign(&request);
    let payload = BodyHash::of(body, &headers, options)?;
    let canonical = canonical_request::render(&request, &names, payload.as_str(), options);
    let day = date.get(..8).unwrap_or_default();
    let scope = scope(day, region, service);
    let key = SigningKey::derive(&credentials.secret_access_key, day, region, service);
    let signature = key.signature(now, &scope, &canonical);
    added.push((
        "authorization",
        format!(
            "{ALGORITHM} Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
            credentials.access_key_id,
            names.join(";")
        ),
    ));
    Ok(added)
}

/// Returns the whole query of `request` presigned for `expires_seconds`. Only `host` is signed.
#[allow(clippy::too_many_arguments, reason = "a signature depends on that much")]
pub fn presign(
    request: &SignableRequest<'_>,
    credentials: &Credentials,
    region: &str,
    service: &str,
    now: Timestamp,
    expires_seconds: u32,
    body: &[u8],
    options: &Options,
) -> Result<String, SigV4Error> {
    let date = format_date(now);
    let day = date.get(..8).unwrap_or_default();
    let scope = scope(day, region, service);
    let credential = format!("{}/{scope}", credentials.access_key_id);
    let expires = expires_seconds.to_string();
    let mut parameters = vec![
        ("X-Amz-Algorithm", ALGORITHM),
        ("X-Amz-Credential", credential.as_str()),
        ("X-Amz-Date", date.as_str()),
        ("X-Amz-Expires", expires.as_str()),
        ("X-Amz-SignedHeaders", "host"),
    ];
    if let Some(token) = &credentials.session_token {
        parameters.push((SECURITY_TOKEN, token));
    }
    let mut query = request.query.to_owned();
    for (name, value) in parameters {
        let mut encoded = Vec::new();
        encode_into(value.as_bytes(), false, &mut encoded);
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(name);
        query.push('=');
        query.push_str(&String::from_utf8_lossy(&encoded));
    }
    let signed = SignableRequest {
        query: &query,
        ..*request
    };
    let payload = BodyHash::of(body, request.headers, options)?;
    let canonical = canonical_request::render(&signed, &["host".to_owned()], payload.as_str(), options);
    let key = SigningKey::derive(&credentials.secret_access_key, day, region, service);
    let signature = key.signature(now, &scope, &canonical);
    Ok(format!("{query}&{SIGNATURE}={signature}"))
}

fn names_to_sign(request: &SignableRequest<'_>) -> Vec<String> {
    let mut names: Vec<String> = request
        .headers
        .iter()
        .map(|(name, _)| String::from_utf8_lossy(name).to_ascii_lowercase())
        .filter(|name| !NEVER_SIGNED.contains(&name.as_str()))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}
