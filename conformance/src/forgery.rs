//! Tokens as somebody would forge them from a real one and the public keys of its pool.

use anyhow::{Context, Result, bail};
use aws_lc_rs::hmac;
use base64::{
    Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL,
};
use portcullis_engines::jwt::RsaSigningKey;
use serde_json::{Value, json};

/// Every forgery that `{{forged KIND}}` knows.
pub const KINDS: &[&str] = &[
    "signature-byte",
    "signature-missing",
    "payload",
    "payload-resigned",
    "unknown-kid",
    "alg-none",
    "alg-none-mixed-case",
    "hs256-public-key",
    "embedded-key",
    "crit",
    "truncated",
    "four-parts",
];

/// Returns `token` forged; `jwks` is its pool's.
pub fn forge(kind: &str, token: &str, jwks: &Value) -> Result<String> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else {
        bail!("`{token}` is not a token")
    };
    let mut claims: Value = serde_json::from_slice(&BASE64URL.decode(payload)?)?;
    let kid = kid_of(header)?;
    let unsigned = |header: Value| format!("{}.{payload}.", encoded(&header));
    Ok(match kind {
        "signature-byte" => format!("{header}.{payload}.{}", other_byte(signature)?),
        "signature-missing" => format!("{header}.{payload}."),
        "payload" => {
            promote(&mut claims);
            format!("{header}.{}.{signature}", encoded(&claims))
        }
        "payload-resigned" => {
            promote(&mut claims);
            own_key()?.sign_jwt(&kid, &claims)?
        }
        "unknown-kid" => own_key()?.sign_jwt("no-such-key", &claims)?,
        "alg-none" => unsigned(json!({ "alg": "none", "kid": kid })),
        "alg-none-mixed-case" => unsigned(json!({ "alg": "nOnE", "kid": kid })),
        "hs256-public-key" => hs256(&kid, payload, jwks)?,
        "embedded-key" => {
            let key = own_key()?;
            let signed = key.sign_jwt(&kid, &claims)?;
            let jwk = key.public_jwk(&kid);
            // The header differs from what was signed, but a verifier that trusts `jwk` fails later than at the key.
            let header = encoded(&json!({ "alg": "RS256", "kid": kid, "jwk": jwk }));
            format!("{header}.{}", signed.split_once('.').context("token")?.1)
        }
        "crit" => format!(
            "{}.{payload}.{signature}",
            encoded(&json!({ "alg": "RS256", "kid": kid, "crit": ["b64"] }))
        ),
        "truncated" => format!("{header}.{payload}"),
        "four-parts" => format!("{token}.{signature}"),
        _ => bail!("`{kind}` is no forgery"),
    })
}

fn promote(claims: &mut Value) {
    if let Some(claims) = claims.as_object_mut() {
        claims.insert("email".into(), "admin@example.com".into());
        claims.insert("cognito:groups".into(), json!(["admins"]));
    }
}

fn kid_of(header: &str) -> Result<String> {
    let header: Value = serde_json::from_slice(&BASE64URL.decode(header)?)?;
    Ok(header
        .get("kid")
        .and_then(Value::as_str)
        .context("the token has no kid")?
        .to_owned())
}

fn encoded(json: &Value) -> String {
    BASE64URL.encode(json.to_string())
}

fn other_byte(signature: &str) -> Result<String> {
    let mut bytes = BASE64URL.decode(signature)?;
    *bytes.first_mut().context("the signature is empty")? ^= 1;
    Ok(BASE64URL.encode(bytes))
}

fn own_key() -> Result<RsaSigningKey> {
    RsaSigningKey::generate().context("no key")
}

/// The classic: the public key, as its PEM text, taken for a shared secret.
fn hs256(kid: &str, payload: &str, jwks: &Value) -> Result<String> {
    let keys = jwks.get("keys").and_then(Value::as_array).context("jwks")?;
    let named = |key: &&Value| key.get("kid").and_then(Value::as_str) == Some(kid);
    let key = keys
        .iter()
        .find(named)
        .context("the pool does not have the token's key")?;
    let number = |name: &str| -> Result<Vec<u8>> {
        Ok(BASE64URL.decode(key.get(name).and_then(Value::as_str).context("no RSA key")?)?)
    };
    let rsa = der(0x30, &[integer(&number("n")?), integer(&number("e")?)].concat());
    let algorithm = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    let bits = der(0x03, &[&[0][..], &rsa].concat());
    let text = STANDARD.encode(der(0x30, &[&algorithm[..], &bits].concat()));
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        lines.join("\n")
    );
    let signed = format!(
        "{}.{payload}",
        encoded(&json!({ "alg": "HS256", "kid": kid, "typ": "JWT" }))
    );
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, pem.as_bytes()),
        signed.as_bytes(),
    );
    Ok(format!("{signed}.{}", BASE64URL.encode(tag)))
}

fn integer(number: &[u8]) -> Vec<u8> {
    der(0x02, &[&[0][..], number].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut whole = vec![tag];
    match length {
        0..128 => whole.push(length as u8),
        128..256 => whole.extend([0x81, length as u8]),
        _ => whole.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    whole.extend_from_slice(content);
    whole
}
