//! An issuer of the bench's own, whose tokens are signed with a P-256 key: user pools sign with RSA alone.

use std::net::SocketAddr;

use anyhow::{Context, Result, anyhow};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis_model::{Clock, SystemClock};
use serde_json::{Value, json};

use super::backend::Backend;
use super::deployment::SCOPE;
use super::layers::{Template, api::Api};

/// The path that wants its tokens, at every proxy.
pub(super) const PATH: &str = "elliptic";
/// The beginning of its API's resources in the template.
const ID: &str = "Elliptic";
const AUDIENCE: &str = "bench";
const KEY_ID: &str = "p256";
/// How long its tokens hold, in seconds.
const LIFETIME: i64 = 86_400;

/// Answers discovery and the request for keys with one document, which is both.
pub(super) struct Issuer {
    key: EcdsaKeyPair,
    pub(super) url: String,
    pub(super) key_set: String,
}

impl Issuer {
    /// Makes a key, and publishes it on a free port of loopback until the process ends.
    pub(super) fn start() -> Result<Self> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let keys = json!([public(&key)?]);
        let published = Backend::telling(|address| {
            let url = url(address);
            json!({"issuer": url, "jwks_uri": format!("{url}/keys"), "keys": keys}).to_string()
        })?;
        Ok(Self {
            key,
            url: url(published.address),
            key_set: json!({ "keys": keys }).to_string(),
        })
    }

    /// Signs `count` tokens, no two alike.
    pub(super) fn tokens(&self, count: usize) -> Result<Vec<String>> {
        let random = SystemRandom::new();
        let now = SystemClock.now().seconds();
        (0..count)
            .map(|number| self.token(number, now, &random))
            .collect()
    }

    fn token(&self, number: usize, now: i64, random: &SystemRandom) -> Result<String> {
        let header = json!({"alg": "ES256", "kid": KEY_ID, "typ": "JWT"});
        // The claims of a pool's access token, so that there is as much to read.
        let claims = json!({
            "iss": self.url, "sub": "6f1c2d5e-bench-machine-client", "aud": AUDIENCE, "client_id": AUDIENCE,
            "token_use": "access", "scope": SCOPE, "auth_time": now, "iat": now, "exp": now + LIFETIME,
            "version": 2, "jti": format!("token-{number:012}"),
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = self
            .key
            .sign(random, signed.as_bytes())
            .map_err(|_| anyhow!("a token cannot be signed"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// Adds a REST API with a path that takes its tokens: JWT authorizers of HTTP APIs take RSA alone, as on AWS.
    pub(super) fn add_to(&self, template: &mut Template<'_>) {
        let mut api = Api::plain(ID, template.backend);
        api.add(
            "Authorizer",
            "AWS::ApiGateway::Authorizer",
            json!({
                "Name": "elliptic", "Type": "JWT", "RestApiId": api.reference("Api"),
                "IdentitySource": "method.request.header.Authorization",
                "JwtConfiguration": {
                    "DefaultAlgorithms": ["ES256"],
                    "Issuers": [{"Issuer": self.url, "Audiences": [AUDIENCE]}],
                },
            }),
        );
        api.set("Path", json!({ "PathPart": PATH }));
        api.set(
            "Method",
            json!({
                "HttpMethod": "GET", "AuthorizationType": "JWT", "AuthorizerId": api.reference("Authorizer"),
                "AuthorizationScopes": [SCOPE],
                "Integration": {
                    "Type": "HTTP_PROXY", "IntegrationHttpMethod": "GET", "Uri": format!("http://{}/{PATH}", template.backend),
                },
            }),
        );
        api.finish(template);
    }
}

/// The output with the id of its API.
pub(super) fn api_output() -> String {
    format!("{ID}ApiId")
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// Returns the JWK of a key (RFC 7518, section 6.2.1).
fn public(key: &EcdsaKeyPair) -> Result<Value> {
    let point = key.public_key().as_ref();
    let halves = point.get(1..33).zip(point.get(33..65));
    let (x, y) = halves.context("the public key is no uncompressed point of P-256")?;
    Ok(json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": KEY_ID,
        "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
    }))
}
