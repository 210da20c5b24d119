//! A pool's public keys and its metadata (OpenID Connect Discovery 1.0): only endpoints that exist are named.

use portcullis_model::resources::cognito::UserPool;
use serde_json::{Value, json};

use super::{EndpointRequest, EndpointResponse};
use crate::{Identity, IdentityError};

/// AWS's own bound on a pool's id.
const POOL_ID_BYTES_MAX: usize = 55;

/// What the endpoints of a domain take.
const SUPPORTED: &[(&str, &[&str])] = &[
    ("response_types_supported", &["code", "token"]),
    ("response_modes_supported", &["query", "fragment"]),
    (
        "grant_types_supported",
        &[
            "authorization_code",
            "implicit",
            "refresh_token",
            "client_credentials",
        ],
    ),
    ("scopes_supported", &["openid", "email", "phone", "profile"]),
    ("code_challenge_methods_supported", &["S256"]),
    ("prompt_values_supported", &["none", "login", "select_account"]),
    (
        "token_endpoint_auth_methods_supported",
        &["client_secret_basic", "client_secret_post", "none"],
    ),
    (
        "revocation_endpoint_auth_methods_supported",
        &["client_secret_basic", "client_secret_post", "none"],
    ),
];

impl Identity {
    /// Answers `/{pool}/.well-known/jwks.json` and `…/openid-configuration`; none when the path is neither.
    pub async fn well_known(
        &self,
        request: &EndpointRequest,
    ) -> Result<Option<EndpointResponse>, IdentityError> {
        let Some((pool, document)) = request
            .path
            .strip_prefix('/')
            .and_then(|path| path.split_once("/.well-known/"))
        else {
            return Ok(None);
        };
        if !["jwks.json", "openid-configuration"].contains(&document) {
            return Ok(None);
        }
        if request.method != "GET" && request.method != "HEAD" {
            let refused = EndpointResponse::json(405, &json!({ "message": "Method Not Allowed" }));
            return Ok(Some(refused.with("allow", "GET, HEAD")));
        }
        let found = if pool.len() <= POOL_ID_BYTES_MAX {
            self.pool_anywhere(pool).await?
        } else {
            None
        };
        let Some(pool) = found.map(|found| found.value) else {
            let message = format!("User pool {pool} does not exist.");
            return Ok(Some(EndpointResponse::json(404, &json!({ "message": message }))));
        };
        let value = match document {
            "jwks.json" => jwks(&pool),
            _ => self.configuration(&pool),
        };
        Ok(Some(
            EndpointResponse::json(200, &value)
                .with("cache-control", "public, max-age=86400")
                .with("access-control-allow-origin", "*"),
        ))
    }

    fn configuration(&self, pool: &UserPool) -> Value {
        let issuer = self.settings.issuer.issuer(&pool.id);
        let mut configuration = json!({
            "id_token_signing_alg_values_supported": ["RS256"],
            "issuer": issuer,
            "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
            // Required by the standard; empty while the pool has no domain and so no authorization endpoint.
            "response_types_supported": [],
            "subject_types_supported": ["public"],
        });
        if let (Some(origin), Some(fields)) = (self.domain_origin(pool), configuration.as_object_mut()) {
            for (name, path) in [
                ("authorization_endpoint", "/oauth2/authorize"),
                ("token_endpoint", "/oauth2/token"),
                ("userinfo_endpoint", "/oauth2/userInfo"),
                ("revocation_endpoint", "/oauth2/revoke"),
                ("end_session_endpoint", "/logout"),
            ] {
                fields.insert(name.into(), format!("{origin}{path}").into());
            }
            for (name, values) in SUPPORTED {
                fields.insert((*name).into(), json!(values));
            }
            for name in [
                "request_parameter_supported",
                "request_uri_parameter_supported",
                "claims_parameter_supported",
            ] {
                fields.insert(name.into(), false.into());
            }
        }
        configuration
    }
}

/// Returns a pool's public keys. AWS sends them in this order too: ID tokens first.
fn jwks(pool: &UserPool) -> Value {
    let keys: Vec<&Value> = pool
        .signing_keys
        .iter()
        .map(|record| &record.public_jwk)
        .collect();
    json!({ "keys": keys })
}
