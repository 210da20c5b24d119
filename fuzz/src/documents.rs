//! JSON, policies, tokens and signatures.

use std::{str, sync::LazyLock};

use portcullis_engines::{
    canonical_json,
    event_pattern::Pattern,
    iam::{AccessRequest, Context, Policy, evaluate},
    json_schema::{Documents, Schema},
    jwt::{Algorithm, Compact, Detached, Jwks, VerifyingKey},
    sigv4::{self, SignableRequest},
    strict_json,
};
use portcullis_model::{HeaderList, SecretText, Timestamp};
use serde_json::Value;

use crate::seeds;

/// What the strict parser takes, the usual one reads as the same, and so does an object that is kept as its text.
pub(crate) fn strict_json(bytes: &[u8]) {
    let object = strict_json::Object::parse(bytes);
    let read = object.as_ref().map(|object| object.to_map().into_owned());
    assert_eq!(read, strict_json::parse_object(bytes));
    for (name, value) in read.iter().flatten() {
        let object = object.as_ref().expect("it was read");
        assert_eq!(object.get(name).as_deref(), Some(value));
        assert_eq!(object.text(name), value.as_str());
    }
    let Some(value) = strict_json::parse(bytes) else {
        return;
    };
    let usual: Value = serde_json::from_slice(bytes).expect("what we take, others take");
    assert_eq!(value, usual);
    let again = serde_json::to_vec(&value).expect("a value can be written");
    assert_eq!(strict_json::parse(&again), Some(value));
}

/// A policy that is read decides, and one more deny never allows more.
pub(crate) fn policy(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    let Ok(policy) = Policy::parse(text) else {
        return;
    };
    let deny = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;
    let deny = Policy::parse(deny).expect("a policy");
    let mut context = Context::new();
    context.set("aws:SourceIp", "192.0.2.7");
    context.set("aws:username", "ada");
    for (action, resource) in [
        (
            "execute-api:Invoke",
            "arn:aws:execute-api:us-east-1:000000000000:api/prod/GET/a",
        ),
        ("s3:GetObject", "arn:aws:s3:::bucket/key"),
    ] {
        let request = AccessRequest {
            principal_arn: Some("arn:aws:iam::000000000000:user/ada"),
            action,
            resource,
            context: &context,
        };
        let verdict = evaluate(&[&policy], &request);
        assert_eq!(verdict, evaluate(&[&policy], &request));
        assert!(!evaluate(&[&policy, &deny], &request).is_allow());
        assert!(!evaluate(&[&deny, &policy], &request).is_allow());
    }
}

/// Nothing that was not signed with a key is ever found good.
pub(crate) fn jwt(bytes: &[u8]) {
    let (token, keys) = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, bytes),
    };
    let keys = Jwks::parse(keys);
    let Some(token) = str::from_utf8(token)
        .ok()
        .and_then(|token| Compact::parse(token).ok())
    else {
        return;
    };
    if let Ok(claims) = token.unverified_claims() {
        drop(claims.check_times(Timestamp::from_seconds(1_700_000_000), 60));
        let _count = claims.strings("aud").map(|list| list.len());
    }
    if let Ok(keys) = keys {
        for key in keys.keys() {
            drop(token.verify(key));
        }
    }
}

/// A signature and a message: a key with a table says of them what one without says.
pub(crate) fn es256(bytes: &[u8]) {
    static KEYS: LazyLock<[VerifyingKey; 2]> = LazyLock::new(|| {
        let jwk = serde_json::json!({
            "kty": "EC", "crv": "P-256",
            "x": "vKucI21N6Tm_QYYFKR89iyCsq7B79rdGoa_Ya6VyTeY",
            "y": "qfC9PP8FPv-uPIT5twg6-m-dK9ljGgjhSdpKjPm2ek8",
        });
        let keys = [(); 2].map(|()| VerifyingKey::from_jwk_value(&jwk).expect("a key"));
        assert!(keys[0].prepare(), "a table");
        keys
    });
    let signature = seeds::ES256_SIGNATURE_BYTES.min(bytes.len());
    let (signature, message) = bytes.split_at(signature);
    let [tabled, other] = &*KEYS;
    assert_eq!(
        tabled.verify(Algorithm::Es256, message, signature),
        other.verify(Algorithm::Es256, message, signature)
    );
}

/// A request line, fields and a body: what is presented is read, and is not good with a key that nobody knows.
pub(crate) fn sigv4(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    let mut lines = text.lines();
    let mut words = lines.next().unwrap_or_default().splitn(3, ' ');
    let method = words.next().unwrap_or_default();
    let target = words.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = HeaderList::new();
    for line in lines {
        if let Some((name, value)) = line.split_once(':') {
            headers.push(name.trim(), value.trim());
        }
    }
    let request = SignableRequest {
        method,
        path,
        query,
        headers: &headers,
    };
    let Ok(Some(presented)) = sigv4::parse(&request) else {
        return;
    };
    let secret = SecretText::new("a key that nobody has signed with".to_owned());
    let verdict = sigv4::verify(
        &request,
        &presented,
        &secret,
        b"",
        presented.date,
        &sigv4::Options::default(),
    );
    assert!(verdict.is_err(), "a forged signature is good");
}

/// A schema compiles or is refused, and judges.
pub(crate) fn json_schema(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    let documents = Documents::default();
    if let Ok(schema) = Schema::compile(text, None, &documents) {
        for value in [
            "null",
            "1.5",
            r#""text""#,
            r#"[1, "a", {}]"#,
            r#"{"a": {"b": [1]}, "c": "d"}"#,
        ] {
            let value: Value = serde_json::from_str(value).expect("JSON");
            assert_eq!(schema.is_valid(&value), schema.check(&value).is_ok());
        }
    }
}

/// Any text as an event pattern, as JSON to be written canonically, and as a producer's detached signature.
pub(crate) fn events(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    let value = strict_json::parse(bytes);
    if let Ok(pattern) = Pattern::parse(text) {
        pattern.matches(&value.clone().unwrap_or_default());
    }
    if let Some(canonical) = value.and_then(|value| canonical_json::render(&value).ok()) {
        let again = strict_json::parse(canonical.as_bytes()).expect("canonical JSON is JSON");
        if let Ok(same) = canonical_json::render(&again) {
            assert_eq!(same, canonical);
        }
    }
    drop(Detached::parse(text));
}
