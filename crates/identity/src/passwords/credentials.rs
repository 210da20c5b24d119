//! A user's password as it is kept: made when it is set, checked when it is typed.

use portcullis_engines::srp::{Verifier, random_salt};
use portcullis_model::{
    Scope, SecretText,
    resources::cognito::{User, UserPool},
};

use super::argon2id::{self, HashError};
use crate::{Identity, IdentityError, directory::users::srp_id, flows::enabled::Flow};

/// Sealed, ready to be written to the user's record.
pub(crate) struct Credentials {
    pub(crate) sealed_password: String,
    pub(crate) sealed_srp_verifier: Option<String>,
}

impl Credentials {
    /// Puts the credentials into the record.
    pub(crate) fn apply(self, user: &mut User) {
        user.sealed_password = Some(self.sealed_password);
        user.sealed_srp_verifier = self.sealed_srp_verifier;
    }
}

/// A hash of no password: checked when there is no user, so that an answer takes as long as for one.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

impl Identity {
    /// Computes what is kept of a new password: the hash, and the verifier where a client of the pool allows SRP.
    pub(crate) async fn make_credentials(
        &self,
        scope: &Scope,
        pool: &UserPool,
        user: &User,
        password: &SecretText,
    ) -> Result<Credentials, IdentityError> {
        let srp = self.pool_allows_srp(scope, pool).await?;
        let mut salt = [0u8; 16];
        self.entropy.fill(&mut salt);
        let srp_salt = srp.then(|| random_salt(self.entropy.as_ref()));
        let (typed, pool_name, name) = (password.clone(), pool_name(pool).to_owned(), srp_id(pool, user));
        let (hash, verifier) = self
            .workers
            .run(move || {
                let verifier = srp_salt.map(|salt| Verifier::derive(&pool_name, &name, &typed, salt));
                (argon2id::hash(typed.expose(), salt), verifier)
            })
            .await?;
        let hash = SecretText::new(hash.map_err(IdentityError::broken)?);
        let sealed_srp_verifier = match verifier {
            Some(verifier) => Some(self.seal(&verifier_purpose(pool, user), verifier.to_bytes().expose())?),
            None => None,
        };
        Ok(Credentials {
            sealed_password: self.seal_text(&password_purpose(pool, user), &hash)?,
            sealed_srp_verifier,
        })
    }

    /// Tells whether `password` is the user's; takes as long when there is no user.
    pub(crate) async fn is_password(
        &self,
        pool: &UserPool,
        user: Option<&User>,
        password: &SecretText,
    ) -> Result<bool, IdentityError> {
        super::policy::check_length(password.expose())?;
        let stored = user.and_then(|user| Some((user, user.sealed_password.as_deref()?)));
        let hash = match stored {
            Some((user, sealed)) => self
                .vault
                .unseal_text(&password_purpose(pool, user), sealed)
                .map_err(IdentityError::broken)?,
            None => SecretText::new(NOBODYS_HASH.to_owned()),
        };
        let typed = password.clone();
        let matches: Result<bool, HashError> = self
            .workers
            .run(move || argon2id::verify(typed.expose(), hash.expose()))
            .await?;
        let matches = matches.map_err(IdentityError::broken)?;
        Ok(matches && stored.is_some())
    }

    /// Returns a user's SRP verifier; none when there is none yet.
    pub(crate) fn srp_verifier(
        &self,
        pool: &UserPool,
        user: &User,
    ) -> Result<Option<Verifier>, IdentityError> {
        let Some(sealed) = &user.sealed_srp_verifier else {
            return Ok(None);
        };
        let bytes = self
            .vault
            .unseal(&verifier_purpose(pool, user), sealed)
            .map_err(IdentityError::broken)?;
        Verifier::from_bytes(bytes.expose())
            .map(Some)
            .map_err(IdentityError::broken)
    }

    /// Tells whether a client of the pool allows SRP: only then are verifiers kept.
    pub(crate) async fn pool_allows_srp(
        &self,
        scope: &Scope,
        pool: &UserPool,
    ) -> Result<bool, IdentityError> {
        let clients = self.clients_of(scope, &pool.id).await?;
        Ok(clients
            .iter()
            .any(|client| Flow::UserSrp.is_enabled(&client.value)))
    }

    pub(crate) fn seal(&self, purpose: &str, plaintext: &[u8]) -> Result<String, IdentityError> {
        self.vault.seal(purpose, plaintext).map_err(IdentityError::broken)
    }

    pub(crate) fn seal_text(&self, purpose: &str, text: &SecretText) -> Result<String, IdentityError> {
        self.vault.seal_text(purpose, text).map_err(IdentityError::broken)
    }
}

/// Returns what SRP calls the pool: its id behind the region.
pub(crate) fn pool_name(pool: &UserPool) -> &str {
    pool.id.as_str().rsplit_once('_').map_or("", |(_, name)| name)
}

// By `sub`: it is never given out again, unlike a username.
fn password_purpose(pool: &UserPool, user: &User) -> String {
    format!("cognito/user/{}/{}/password", pool.id, user.sub)
}

fn verifier_purpose(pool: &UserPool, user: &User) -> String {
    format!("cognito/user/{}/{}/srp-verifier", pool.id, user.sub)
}
