//! A pool's public keys and its metadata (OpenID Connect Discovery 1.0): only endpoints that exist are named.

use portcullis_model::resources::cognito::UserPool;
use serde_json::{Value, json};

use super::{EndpointRequest, EndpointResponse};
use crate::{Identity, IdentityError};

/// AWS's own bound on a pool's id.
const POOL_ID_BYTES_MAX: usize = 55;

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
            // Required by the standard; empty while there is no authorization endpoint.
            "response_types_supported": [],
            "subject_types_supported": ["public"],
        });
        let region = pool.id.as_str().rsplit_once('_').map_or("", |(region, _)| region);
        if let (Some(prefix), Some(fields)) = (&pool.domain, configuration.as_object_mut()) {
            let token = format!(
                "https://{prefix}.auth.{region}.{}/oauth2/token",
                self.settings.domain
            );
            fields.insert("grant_types_supported".into(), json!(["client_credentials"]));
            fields.insert("token_endpoint".into(), token.into());
            fields.insert(
                "token_endpoint_auth_methods_supported".into(),
                json!(["client_secret_basic", "client_secret_post"]),
            );
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
