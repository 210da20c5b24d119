//! Tokens ended early: one family (`RevokeToken`), or all that a user has (`GlobalSignOut`, disabled, deleted).
//!
//! Records first, then the gateway is told, then the operation answers: whoever gets the answer knows that the next
//! request with such a token is refused, after a restart too.

use portcullis_model::{
    Scope, Timestamp, UserPoolId, UserSub,
    resources::cognito::{User, UserPool},
};
use portcullis_store::{
    Batch, Expect, Put, RecordKey, kinds,
    typed::{Versioned, list_everywhere_json},
};
use serde::{Deserialize, Serialize};

use super::{
    access::last_token_expires,
    families::{Family, USER_LOOKUP, user_lookup},
};
use crate::{Identity, IdentityError, records::inside};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Revocation {
    user_pool_id: UserPoolId,
    origin_jti: String,
    until: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SignOut {
    user_pool_id: UserPoolId,
    sub: UserSub,
    before: Timestamp,
    until: Timestamp,
}

/// Families that one batch of a sign-out ends.
const FAMILIES_PER_BATCH: usize = 500;

impl Identity {
    /// Ends one family: its refresh token, and every token that came from it.
    pub(crate) async fn revoke_family(
        &self,
        scope: &Scope,
        family: Versioned<Family>,
    ) -> Result<(), IdentityError> {
        let until = last_token_expires(self.clock.now());
        let batch = revoke(Batch::new(), scope, &family.value, until)?.delete(family.key, Expect::Anything);
        self.store.commit(batch).await?;
        self.sign_outs
            .revoke_family(&family.value.user_pool_id, &family.value.origin_jti, until);
        Ok(())
    }

    /// Ends every token that `user` has at this moment.
    pub(crate) async fn end_all_tokens(
        &self,
        scope: &Scope,
        pool: &UserPool,
        user: &User,
        now: Timestamp,
    ) -> Result<(), IdentityError> {
        let until = last_token_expires(now);
        // `iat` counts whole seconds. Down to the second, so that a sign-in right after this one is not refused; what
        // was issued earlier in this second is told apart by its family, below.
        let before = Timestamp::from_seconds(now.seconds());
        let sign_out = SignOut {
            user_pool_id: pool.id.clone(),
            sub: user.sub.clone(),
            before,
            until,
        };
        let key = RecordKey::new(scope, kinds::SIGN_OUT, inside(&pool.id, user.sub.as_str()));
        let put = Put::json(key, &sign_out, Expect::Anything)?.expires(until);
        self.store.commit(Batch::new().with(put)).await?;
        self.sign_outs.sign_out(&pool.id, &user.sub, before, until);
        let keys = self
            .store
            .find(kinds::REFRESH_TOKEN, USER_LOOKUP, &user_lookup(pool, user))
            .await?;
        for keys in keys.chunks(FAMILIES_PER_BATCH) {
            let mut batch = Batch::new();
            let mut ended = Vec::new();
            for key in keys {
                let Some(family) = self.read::<Family>(key).await? else {
                    continue;
                };
                batch = revoke(batch, scope, &family.value, until)?.delete(family.key, Expect::Anything);
                ended.push(family.value.origin_jti);
            }
            self.store.commit(batch).await?;
            for origin_jti in ended {
                self.sign_outs.revoke_family(&pool.id, &origin_jti, until);
            }
        }
        Ok(())
    }

    /// Tells the gateway, after a start, of everything that was ended before it and has not expired by itself.
    pub async fn load_sign_outs(&self) -> Result<(), IdentityError> {
        for record in list_everywhere_json::<Revocation>(self.store.as_ref(), kinds::REVOCATION).await? {
            let revocation = record.value;
            self.sign_outs
                .revoke_family(&revocation.user_pool_id, &revocation.origin_jti, revocation.until);
        }
        for record in list_everywhere_json::<SignOut>(self.store.as_ref(), kinds::SIGN_OUT).await? {
            let sign_out = record.value;
            self.sign_outs.sign_out(
                &sign_out.user_pool_id,
                &sign_out.sub,
                sign_out.before,
                sign_out.until,
            );
        }
        Ok(())
    }
}

fn revoke(batch: Batch, scope: &Scope, family: &Family, until: Timestamp) -> Result<Batch, IdentityError> {
    let revocation = Revocation {
        user_pool_id: family.user_pool_id.clone(),
        origin_jti: family.origin_jti.clone(),
        until,
    };
    let id = inside(&family.user_pool_id, &family.origin_jti);
    let key = RecordKey::new(scope, kinds::REVOCATION, id);
    Ok(batch.with(Put::json(key, &revocation, Expect::Anything)?.expires(until)))
}
