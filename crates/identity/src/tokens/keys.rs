//! A pool's two signing keys: ID tokens are signed with the first, access tokens with the second.
//!
//! Made off the runtime's threads, sealed at rest, unsealed and parsed once.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use portcullis_engines::jwt::{RsaSigningKey, VerifyingKey};
use portcullis_model::{
    UserPoolId,
    resources::cognito::{SigningKeyRecord, UserPool},
};

use crate::{Identity, IdentityError};

/// A pool's keys, ready.
pub(crate) struct PoolKeys {
    pub(crate) id: ReadyKey,
    pub(crate) access: ReadyKey,
    /// What answers about users who do not exist are derived from, so that they stay the same.
    pub(crate) pretence: hmac::Key,
}

/// A key with its id.
pub(crate) struct ReadyKey {
    pub(crate) kid: String,
    pub(crate) signing: RsaSigningKey,
    pub(crate) verifying: VerifyingKey,
}

/// Parsed keys of the pools that were used lately.
#[derive(Default)]
pub(crate) struct KeyCache(RwLock<HashMap<UserPoolId, Arc<PoolKeys>>>);

/// Pools whose keys are kept parsed, about 10 kB each.
const POOLS_MAX: usize = 2000;
const KID_BYTES: usize = 32;

impl ReadyKey {
    /// Signs `claims`.
    pub(crate) fn sign(&self, claims: &serde_json::Value) -> Result<String, IdentityError> {
        self.signing
            .sign_jwt(&self.kid, claims)
            .map_err(IdentityError::broken)
    }
}

impl Identity {
    /// Makes the two keys of a new pool.
    pub(crate) async fn generate_signing_keys(
        &self,
        pool: &UserPoolId,
    ) -> Result<Vec<SigningKeyRecord>, IdentityError> {
        let generate = tokio::task::spawn_blocking(|| [RsaSigningKey::generate(), RsaSigningKey::generate()]);
        let pair = generate.await.map_err(IdentityError::broken)?;
        let mut records = Vec::new();
        for key in pair {
            let key = key.map_err(IdentityError::broken)?;
            let mut kid = [0u8; KID_BYTES];
            self.entropy.fill(&mut kid);
            let kid = STANDARD.encode(kid);
            let pkcs8 = key.to_pkcs8().map_err(IdentityError::broken)?;
            let sealed = self.vault.seal(&purpose(pool, &kid), pkcs8.expose());
            records.push(SigningKeyRecord {
                public_jwk: key.public_jwk(&kid),
                sealed_private_key: sealed.map_err(IdentityError::broken)?,
                kid,
            });
        }
        Ok(records)
    }

    /// Returns a pool's keys, ready.
    pub(crate) fn pool_keys(&self, pool: &UserPool) -> Result<Arc<PoolKeys>, IdentityError> {
        if let Some(keys) = self
            .keys
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&pool.id)
        {
            let kids = pool.signing_keys.iter().map(|record| record.kid.as_str());
            if kids.eq([keys.id.kid.as_str(), keys.access.kid.as_str()]) {
                return Ok(Arc::clone(keys));
            }
        }
        let keys = Arc::new(self.unseal_keys(pool)?);
        let mut cache = self.keys.0.write().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= POOLS_MAX {
            cache.clear();
        }
        cache.insert(pool.id.clone(), Arc::clone(&keys));
        Ok(keys)
    }

    /// Forgets the keys of a pool that is gone.
    pub(crate) fn forget_keys(&self, pool: &UserPoolId) {
        self.keys
            .0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(pool);
    }

    fn unseal_keys(&self, pool: &UserPool) -> Result<PoolKeys, IdentityError> {
        let [id, access] = pool.signing_keys.as_slice() else {
            return Err(IdentityError::broken(format!(
                "user pool `{}` has not two signing keys",
                pool.id
            )));
        };
        let unseal = |record: &SigningKeyRecord| {
            let sealed = &record.sealed_private_key;
            self.vault
                .unseal(&purpose(&pool.id, &record.kid), sealed)
                .map_err(IdentityError::broken)
        };
        let ready = |record: &SigningKeyRecord| -> Result<ReadyKey, IdentityError> {
            let signing = RsaSigningKey::from_pkcs8(&unseal(record)?).map_err(IdentityError::broken)?;
            let verifying = signing
                .verifying_key(&record.kid)
                .map_err(IdentityError::broken)?;
            Ok(ReadyKey {
                kid: record.kid.clone(),
                signing,
                verifying,
            })
        };
        // Derived from the private key, so that there is nothing more to keep: whoever had it needs no pretence.
        let label = hmac::Key::new(hmac::HMAC_SHA256, unseal(id)?.expose());
        let pretence = hmac::sign(&label, b"portcullis: users who do not exist");
        Ok(PoolKeys {
            id: ready(id)?,
            access: ready(access)?,
            pretence: hmac::Key::new(hmac::HMAC_SHA256, pretence.as_ref()),
        })
    }
}

fn purpose(pool: &UserPoolId, kid: &str) -> String {
    format!("cognito/pool/{pool}/signing-key/{kid}")
}
