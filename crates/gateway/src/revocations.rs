//! Which tokens are refused before they expire: families whose refresh token was revoked, users who signed out.
//! An index beside the snapshot, fed as it happens; reading it takes no lock.

use portcullis_model::{Timestamp, UserPoolId, UserSub};

/// No token that a pool issues for an API lives longer (AWS's maximum), so a sign-out is forgotten after it.
pub const TOKEN_VALIDITY_SECONDS_MAX: i64 = 86_400;

/// The tokens that are refused at once.
#[derive(Default)]
pub struct Revocations {
    /// Family to the moment when its last token has expired.
    families: papaya::HashMap<Box<str>, Timestamp>,
    /// Subject to the moment before which its tokens were issued.
    sign_outs: papaya::HashMap<Box<str>, Timestamp>,
}

/// What identifies a token to the index; made once, when the token is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationKeys {
    family: Option<Box<str>>,
    subject: Option<Box<str>>,
}

impl RevocationKeys {
    /// Returns the keys of a token of `pool` with these claims.
    pub fn new(pool: &UserPoolId, origin_jti: Option<&str>, sub: Option<&str>) -> Self {
        Self {
            family: origin_jti.map(|family| key(pool, family)),
            subject: sub.map(|sub| key(pool, sub)),
        }
    }
}

/// Why a token is refused before it expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its family was revoked.
    Revoked,
    /// Its user signed out everywhere after it was issued.
    SignedOut,
}

impl Revocations {
    /// Refuses every token of a family; `until` is when the last of them has expired.
    pub fn revoke_family(&self, pool: &UserPoolId, origin_jti: &str, until: Timestamp) {
        self.families
            .pin()
            .update_or_insert(key(pool, origin_jti), |known| (*known).max(until), until);
    }

    /// Refuses every token of a user that was issued before `before`.
    pub fn sign_out(&self, pool: &UserPoolId, sub: &UserSub, before: Timestamp) {
        self.sign_outs
            .pin()
            .update_or_insert(key(pool, sub.as_str()), |known| (*known).max(before), before);
    }

    /// Tells whether a token issued at `issued` is refused, and why.
    ///
    /// Tokens carry whole seconds: one issued in the very second of the sign-out is refused, because it may have been
    /// issued before it.
    pub fn refused(&self, keys: &RevocationKeys, issued: Timestamp) -> Option<Refused> {
        let signed_out = keys
            .subject
            .as_ref()
            .and_then(|subject| self.sign_outs.pin().get(subject).copied());
        if signed_out.is_some_and(|before| issued < before) {
            return Some(Refused::SignedOut);
        }
        if let Some(family) = &keys.family
            && self.families.pin().contains_key(family)
        {
            // A sign-out ends what was issued in its own second by the families; it is still the cause to name.
            let by_sign_out = signed_out.is_some_and(|before| issued == before);
            return Some(if by_sign_out {
                Refused::SignedOut
            } else {
                Refused::Revoked
            });
        }
        None
    }

    /// Forgets what no living token can match any more.
    pub fn purge(&self, now: Timestamp) {
        self.families.pin().retain(|_, until| *until > now);
        self.sign_outs
            .pin()
            .retain(|_, before| before.plus_seconds(TOKEN_VALIDITY_SECONDS_MAX) > now);
    }

    /// Returns how many families and users are listed.
    pub fn len(&self) -> usize {
        self.families.len() + self.sign_outs.len()
    }

    /// Tells whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Pools never meet: their id, which holds no `/`, is part of every key.
fn key(pool: &UserPoolId, name: &str) -> Box<str> {
    [pool.as_str(), "/", name].concat().into_boxed_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool() -> UserPoolId {
        "us-east-1_aaaaaaaaa".into()
    }

    fn keys() -> RevocationKeys {
        RevocationKeys::new(&pool(), Some("family"), Some("sub"))
    }

    #[test]
    fn token_of_a_revoked_family_is_refused_until_it_would_expire() {
        let revocations = Revocations::default();
        assert_eq!(revocations.refused(&keys(), Timestamp(0)), None);
        revocations.revoke_family(&pool(), "family", Timestamp(100));
        revocations.revoke_family(&pool(), "family", Timestamp(50));
        assert_eq!(revocations.refused(&keys(), Timestamp(0)), Some(Refused::Revoked));
        revocations.purge(Timestamp(99));
        assert_eq!(revocations.len(), 1);
        revocations.purge(Timestamp(100));
        assert!(revocations.is_empty());
    }

    #[test]
    fn tokens_issued_before_a_sign_out_are_refused_and_later_ones_not() {
        let revocations = Revocations::default();
        revocations.sign_out(&pool(), &"sub".into(), Timestamp(5_500));
        revocations.sign_out(&pool(), &"sub".into(), Timestamp(1_000));
        assert_eq!(
            revocations.refused(&keys(), Timestamp(5_000)),
            Some(Refused::SignedOut)
        );
        assert_eq!(revocations.refused(&keys(), Timestamp(6_000)), None);
        revocations.purge(Timestamp(5_500 + TOKEN_VALIDITY_SECONDS_MAX * 1000));
        assert!(revocations.is_empty());
    }

    #[test]
    fn other_pools_and_users_are_not_touched() {
        let revocations = Revocations::default();
        revocations.revoke_family(&"us-east-1_bbbbbbbbb".into(), "family", Timestamp(100));
        revocations.sign_out(&pool(), &"other".into(), Timestamp(100));
        assert_eq!(revocations.refused(&keys(), Timestamp(0)), None);
    }
}
