//! Families of tokens: everything that comes from one sign-in, held together by its `origin_jti`.
//!
//! A refresh token is `origin_jti` and 256 random bits, opaque; only its hash is kept. A family's record outlives the
//! refresh token by as long as an access token can live, so that a sign-out finds every family that still has one.

use aws_lc_rs::digest;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use portcullis_model::{
    ClientId, Scope, SecretText, Timestamp, UserPoolId, UserSub,
    resources::cognito::{User, UserPool},
};
use portcullis_store::{Batch, Expect, Put, RecordKey, StoreError, kinds, typed::Versioned};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::claims::{self, Issue};
use crate::{
    Identity, IdentityError,
    directory::{client_options, users},
    flows::AuthenticationResult,
    records::{ClientContext, inside},
};

/// Longest that an ID or access token can live: AWS's bound on their validity.
pub(crate) const TOKEN_SECONDS_MAX: i64 = 86_400;
/// Finds the families of a user.
pub(crate) const USER_LOOKUP: &str = "user";
const FAMILY_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;

/// One sign-in and its refresh token.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Family {
    pub(crate) user_pool_id: UserPoolId,
    pub(crate) origin_jti: String,
    pub(crate) client_id: ClientId,
    pub(crate) sub: UserSub,
    /// As in the user's record.
    pub(crate) username: String,
    pub(crate) auth_time: Timestamp,
    /// When the refresh token ends.
    pub(crate) expires: Timestamp,
    /// SHA-256 of the refresh token's secret half; it is random, so nothing slower is needed.
    pub(crate) secret_hash: String,
    /// The scopes that an OAuth endpoint granted; none for a sign-in through the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<String>,
}

/// What an OAuth endpoint grants beyond a sign-in through the API.
#[derive(Clone, Debug)]
pub(crate) struct OAuthGrant {
    /// Parted by spaces.
    pub(crate) scope: String,
    /// When the user typed the password, which may have been for another client.
    pub(crate) auth_time: Timestamp,
}

/// A family that is not kept yet, and its refresh token.
pub(crate) struct NewFamily {
    pub(crate) family: Family,
    pub(crate) refresh_token: SecretText,
    put: Put,
}

/// A refresh token, taken apart.
pub(crate) struct RefreshToken {
    pub(crate) origin_jti: String,
    secret_hash: String,
}

impl RefreshToken {
    /// Takes a refresh token apart; none when it is none of ours.
    pub(crate) fn parse(token: &SecretText) -> Option<Self> {
        let text = token.expose();
        if text.len() > 128 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (family, secret) = bytes.split_at_checked(FAMILY_BYTES)?;
        (secret.len() == SECRET_BYTES).then(|| Self {
            origin_jti: uuid_text(family),
            secret_hash: hash(secret),
        })
    }
}

impl Family {
    /// Tells whether `token` is this family's.
    pub(crate) fn owns(&self, token: &RefreshToken) -> bool {
        self.secret_hash
            .as_bytes()
            .ct_eq(token.secret_hash.as_bytes())
            .into()
    }
}

/// Returns the key of a family.
pub(crate) fn family_key(scope: &Scope, pool: &UserPoolId, origin_jti: &str) -> RecordKey {
    RecordKey::new(scope, kinds::REFRESH_TOKEN, inside(pool, origin_jti))
}

impl Identity {
    /// Signs a user in: begins a family, together with `also`, and issues its first tokens.
    pub(crate) async fn begin_family(
        &self,
        context: &ClientContext,
        user: &User,
        also: Batch,
    ) -> Result<AuthenticationResult, IdentityError> {
        let new = self.new_family(context, user, None)?;
        let mut batch = Batch::new().with(new.put);
        batch.append(also);
        self.store.commit(batch).await.map_err(|error| match error {
            StoreError::Conflict { .. } => {
                IdentityError::not_authorized("Invalid session for the user, session can only be used once.")
                    .because("the user or the session changed while signing in")
            }
            error => error.into(),
        })?;
        let now = new.family.auth_time;
        let mut result = self.issue(context, user, &new.family, now, None).await?;
        result.refresh_token = Some(new.refresh_token);
        Ok(result)
    }

    /// Begins the family of an OAuth grant, together with `also`; says so when somebody else was first there.
    pub(crate) async fn begin_granted_family(
        &self,
        context: &ClientContext,
        user: &User,
        new: NewFamily,
        nonce: Option<&str>,
        also: Batch,
    ) -> Result<Option<AuthenticationResult>, IdentityError> {
        let mut batch = Batch::new().with(new.put);
        batch.append(also);
        match self.store.commit(batch).await {
            Ok(_) => {}
            Err(StoreError::Conflict { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let mut result = self
            .issue(context, user, &new.family, self.clock.now(), nonce)
            .await?;
        result.refresh_token = Some(new.refresh_token);
        Ok(Some(result))
    }

    /// Returns a family that is to be committed.
    pub(crate) fn new_family(
        &self,
        context: &ClientContext,
        user: &User,
        grant: Option<&OAuthGrant>,
    ) -> Result<NewFamily, IdentityError> {
        let now = self.clock.now();
        let (mut secret, mut refresh) = (
            [0u8; SECRET_BYTES],
            Vec::with_capacity(FAMILY_BYTES + SECRET_BYTES),
        );
        self.entropy.fill(&mut secret);
        let origin_jti = self.entropy.uuid();
        refresh.extend_from_slice(&uuid_bytes(&origin_jti));
        refresh.extend_from_slice(&secret);
        let expires = now.plus_seconds(client_options::refresh_seconds(&context.client));
        let family = Family {
            user_pool_id: context.pool.id.clone(),
            origin_jti: origin_jti.clone(),
            client_id: context.client.client_id.clone(),
            sub: user.sub.clone(),
            username: user.username.clone(),
            auth_time: grant.map_or(now, |grant| grant.auth_time),
            expires,
            secret_hash: hash(&secret),
            scope: grant.map(|grant| grant.scope.clone()),
        };
        let put = Put::json(
            family_key(&context.scope, &context.pool.id, &origin_jti),
            &family,
            Expect::Absent,
        )?
        .lookup(USER_LOOKUP, user_lookup(&context.pool, user))
        .expires(expires.plus_seconds(TOKEN_SECONDS_MAX));
        Ok(NewFamily {
            family,
            refresh_token: SecretText::new(URL_SAFE_NO_PAD.encode(&refresh)),
            put,
        })
    }

    /// Issues an ID and an access token of a family.
    pub(crate) async fn issue(
        &self,
        context: &ClientContext,
        user: &User,
        family: &Family,
        now: Timestamp,
        nonce: Option<&str>,
    ) -> Result<AuthenticationResult, IdentityError> {
        let keys = self.pool_keys(&context.pool)?;
        let groups = self.groups_of(&context.scope, &context.pool, user).await?;
        let issue = Issue {
            issuer: &self.settings.issuer.issuer(&context.pool.id),
            client: &context.client,
            user,
            groups: &groups,
            origin_jti: &family.origin_jti,
            event_id: &self.entropy.uuid(),
            auth_time: family.auth_time,
            now,
            scope: family.scope.as_deref(),
            nonce,
        };
        let access_token = keys
            .access
            .sign(&claims::access_claims(&issue, self.entropy.uuid()))?;
        let id_claims = claims::id_claims(&issue, self.entropy.uuid(), &access_token);
        let id_token = keys.id.sign(&id_claims)?;
        Ok(AuthenticationResult {
            access_token: SecretText::new(access_token),
            id_token: SecretText::new(id_token),
            refresh_token: None,
            expires_in: client_options::access_seconds(&context.client),
        })
    }

    /// Returns the family of a refresh token that `context`'s client presents, alive or expired, or the refusal.
    pub(crate) async fn family_of(
        &self,
        context: &ClientContext,
        token: &RefreshToken,
    ) -> Result<Option<Versioned<Family>>, IdentityError> {
        let key = family_key(&context.scope, &context.pool.id, &token.origin_jti);
        let found = self.read::<Family>(&key).await?;
        Ok(found.filter(|family| family.value.owns(token)))
    }
}

/// Returns the value by which the families of `user` are found.
pub(crate) fn user_lookup(pool: &UserPool, user: &User) -> String {
    inside(&pool.id, &users::folded(pool, &user.username))
}

fn hash(secret: &[u8]) -> String {
    STANDARD_NO_PAD.encode(digest::digest(&digest::SHA256, secret))
}

fn uuid_bytes(uuid: &str) -> [u8; FAMILY_BYTES] {
    let hexadecimal: String = uuid.chars().filter(|c| *c != '-').collect();
    u128::from_str_radix(&hexadecimal, 16)
        .unwrap_or_default()
        .to_be_bytes()
}

fn uuid_text(bytes: &[u8]) -> String {
    let mut uuid = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            uuid.push('-');
        }
        uuid.push_str(&format!("{byte:02x}"));
    }
    uuid
}
