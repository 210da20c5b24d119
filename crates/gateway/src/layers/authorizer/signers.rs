//! Who signed, as far as it can be remembered on this thread: session tokens that were opened, and the signing keys of a day,
//! which cost more to derive than a signature to check. Whether the access key or the session still holds is asked on every use.

use std::{cell::RefCell, hash::RandomState, rc::Rc};

use portcullis_engines::{
    iam::Policy,
    sigv4::{Presented, SigningKey},
};
use portcullis_model::{SecretText, resources::iam::Session};
use quick_cache::{Weighter, unsync::Cache};

/// Signing keys kept by each thread.
const SIGNING_KEYS_MAX: usize = 4_096;
/// Session tokens kept by each thread, with what they hold, in bytes.
const SESSIONS_BYTES_MAX: u64 = 8 << 20;
const SESSIONS_EXPECTED: usize = 256;
/// What a session costs beside its token and policies.
const SESSION_BYTES: u64 = 1_024;

/// A session token that was opened.
pub(crate) struct OpenSession {
    pub(crate) session: Session,
    pub(crate) secret: SecretText,
    /// The session's own policies; none when one of them cannot be read.
    pub(crate) policies: Option<Vec<Policy>>,
}

/// Which key: what [`Presented::signing_key_id`] names, and the secret it was derived from, so that no other secret's key is
/// ever found.
#[derive(PartialEq, Eq, Hash)]
struct KeyName {
    access_key_id: Box<str>,
    day: Box<str>,
    region: Box<str>,
    service: Box<str>,
}

/// The signers of one thread.
pub(crate) struct Signers {
    keys: RefCell<Cache<KeyName, Rc<Derived>>>,
    sessions: RefCell<Cache<Box<str>, Rc<OpenSession>, BySize, RandomState>>,
}

/// A signing key, and the secret that it belongs to.
struct Derived {
    secret: SecretText,
    key: SigningKey,
}

impl Signers {
    pub(crate) fn new() -> Self {
        Self {
            keys: RefCell::new(Cache::new(SIGNING_KEYS_MAX)),
            sessions: RefCell::new(Cache::with(
                SESSIONS_EXPECTED,
                SESSIONS_BYTES_MAX,
                BySize,
                RandomState::new(),
                quick_cache::unsync::DefaultLifecycle::default(),
            )),
        }
    }

    /// Returns the signing key of what is presented, derived where it is not known.
    pub(crate) fn signing_key(&self, presented: &Presented, secret: &SecretText) -> SigningKey {
        let (access_key_id, day, region, service) = presented.signing_key_id();
        let name = KeyName {
            access_key_id: access_key_id.into(),
            day: day.into(),
            region: region.into(),
            service: service.into(),
        };
        if let Some(known) = self.keys.borrow().get(&name)
            && known.secret == *secret
        {
            return known.key.clone();
        }
        let key = presented.signing_key(secret);
        let derived = Derived {
            secret: secret.clone(),
            key: key.clone(),
        };
        self.keys.borrow_mut().insert(name, Rc::new(derived));
        key
    }

    /// Returns what is known of exactly this token.
    pub(crate) fn session(&self, token: &str) -> Option<Rc<OpenSession>> {
        self.sessions.borrow().get(token).cloned()
    }

    pub(crate) fn keep_session(&self, token: &str, session: Rc<OpenSession>) {
        self.sessions.borrow_mut().insert(token.into(), session);
    }
}

#[derive(Clone)]
struct BySize;

impl Weighter<Box<str>, Rc<OpenSession>> for BySize {
    fn weight(&self, token: &Box<str>, _: &Rc<OpenSession>) -> u64 {
        // A compiled policy takes several times what its text took in base64.
        (token.len() as u64)
            .saturating_mul(16)
            .saturating_add(SESSION_BYTES)
    }
}
