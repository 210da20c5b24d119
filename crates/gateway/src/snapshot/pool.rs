//! A user pool as the authorizer needs it: who issues, and with which keys.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use portcullis_engines::jwt::VerifyingKey;
use portcullis_model::{Problem, Scope, UserPoolId, arn::Arn, resources::cognito::UserPool};

/// A user pool whose tokens APIs may accept.
pub struct PoolSnapshot {
    id: UserPoolId,
    arn: Arc<str>,
    issuer: Box<str>,
    keys: Vec<(Box<str>, VerifyingKey)>,
    /// Differs between any two compilations: a token verified by other keys is verified again.
    generation: u64,
}

impl PoolSnapshot {
    /// Compiles `pool`, whose tokens carry `issuer`.
    pub fn compile(scope: &Scope, pool: &UserPool, issuer: &str) -> Result<Self, Vec<Problem>> {
        static GENERATIONS: AtomicU64 = AtomicU64::new(0);
        let mut problems = Vec::new();
        let mut keys = Vec::new();
        for record in &pool.signing_keys {
            match VerifyingKey::from_jwk_value(&record.public_jwk) {
                Ok(key) => keys.push((record.kid.as_str().into(), key)),
                Err(cause) => problems.push(Problem::error(
                    None,
                    format!("{}/SigningKeys/{}", pool.id, record.kid),
                    cause.to_string(),
                )),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            keys,
            id: pool.id.clone(),
            arn: Self::arn_of(scope, &pool.id).into(),
            issuer: issuer.into(),
            generation: GENERATIONS.fetch_add(1, Ordering::Relaxed),
        })
    }

    /// Returns the ARN of a pool, by which authorizers name it.
    pub fn arn_of(scope: &Scope, id: &UserPoolId) -> String {
        let resource = format!("userpool/{id}");
        Arn::new(
            "cognito-idp",
            scope.region.as_str(),
            scope.account.as_str(),
            resource,
        )
        .to_string()
    }

    /// Returns the pool's ARN.
    pub fn arn(&self) -> &Arc<str> {
        &self.arn
    }

    pub(crate) fn id(&self) -> &UserPoolId {
        &self.id
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn key(&self, kid: &str) -> Option<&VerifyingKey> {
        self.keys
            .iter()
            .find(|(known, _)| **known == *kid)
            .map(|(_, key)| key)
    }

    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }
}
