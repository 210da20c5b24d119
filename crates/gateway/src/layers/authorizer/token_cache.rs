//! Tokens whose signature was checked before, on this thread. An entry only saves the signature: expiry, revocation,
//! pool and method are checked on every use.

use std::{
    cell::RefCell,
    hash::{Hash, Hasher, RandomState},
    rc::Rc,
    sync::Arc,
};

use portcullis_engines::jwt::{Algorithm, Claims};
use portcullis_model::Timestamp;
use quick_cache::{Equivalent, Weighter, unsync::Cache};

use crate::{decision::Reason, revocations::RevocationKeys};

/// Tokens and their claims kept by each thread, in bytes.
const CACHE_BYTES_MAX: u64 = 32 << 20;
const TOKENS_EXPECTED: usize = 1_024;
/// What an entry costs beside its token and claims.
const ENTRY_BYTES: u64 = 512;
/// How much of a token's end is hashed. The end is the signature: whoever could choose it could sign.
const HASHED_BYTES: usize = 64;

/// What a token is for: Cognito's `token_use`; others do not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenUse {
    Id,
    Access,
    Foreign,
}

/// A token whose signature is right.
#[derive(Debug)]
pub(crate) struct VerifiedToken {
    /// Whose keys checked it: the ARN of a pool, or the URL of an issuer that is not ours.
    pub(crate) signer: Arc<str>,
    /// Of the keys when the signature was checked.
    pub(crate) generation: u64,
    /// By which the signature was checked.
    pub(crate) algorithm: Algorithm,
    pub(crate) token_use: TokenUse,
    pub(crate) issued: Timestamp,
    pub(crate) expires: Timestamp,
    /// None for issuers that are not ours, whose revocations we never hear of.
    pub(crate) revocation_keys: Option<RevocationKeys>,
    pub(crate) claims: Claims,
    /// What kind of token it is, and of whom, for the trail.
    pub(crate) described: Arc<str>,
}

impl VerifiedToken {
    /// Tells whether one of its scopes is `wanted`.
    pub(crate) fn has_scope(&self, wanted: &str) -> bool {
        let has = |text: &str| text.split_ascii_whitespace().any(|scope| scope == wanted);
        if let Some(text) = self.claims.text("scope") {
            return has(text);
        }
        // Others than user pools also write a list, or `scp`, a text or a list.
        let name = if self.claims.strings("scope").is_some() {
            "scope"
        } else {
            "scp"
        };
        self.token_use == TokenUse::Foreign
            && self
                .claims
                .strings(name)
                .is_some_and(|texts| texts.into_iter().any(has))
    }

    /// Returns the reason to go on with it, seen before.
    pub(crate) fn seen_before(&self) -> Reason {
        Reason::TokenSeenBefore(Arc::clone(&self.described))
    }

    /// Returns the reason to go on with it, never seen before.
    pub(crate) fn verified(&self) -> Reason {
        Reason::TokenVerified(Arc::clone(&self.described))
    }
}

/// The verified tokens of one thread.
pub(crate) struct TokenCache(RefCell<Cache<Token, Rc<VerifiedToken>, ByLength, RandomState>>);

impl TokenCache {
    pub(crate) fn new() -> Self {
        Self(RefCell::new(Cache::with(
            TOKENS_EXPECTED,
            CACHE_BYTES_MAX,
            ByLength,
            RandomState::new(),
            quick_cache::unsync::DefaultLifecycle::default(),
        )))
    }

    /// Returns what is known of exactly this token.
    pub(crate) fn find(&self, token: &str) -> Option<Rc<VerifiedToken>> {
        self.0.borrow().get(&TokenText(token)).cloned()
    }

    pub(crate) fn keep(&self, token: &str, verified: Rc<VerifiedToken>) {
        self.0.borrow_mut().insert(Token(token.into()), verified);
    }

    pub(crate) fn forget(&self, token: &str) {
        self.0.borrow_mut().remove(&TokenText(token));
    }
}

/// The whole token is the key and is compared whole, so no collision of hashes can stand for a signature.
struct Token(Box<str>);

struct TokenText<'a>(&'a str);

impl Hash for Token {
    fn hash<H: Hasher>(&self, state: &mut H) {
        TokenText(&self.0).hash(state);
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for Token {}

impl Hash for TokenText<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let bytes = self.0.as_bytes();
        let end = bytes
            .get(bytes.len().saturating_sub(HASHED_BYTES)..)
            .unwrap_or(bytes);
        state.write(end);
    }
}

impl Equivalent<Token> for TokenText<'_> {
    fn equivalent(&self, key: &Token) -> bool {
        *self.0 == *key.0
    }
}

#[derive(Clone)]
struct ByLength;

impl Weighter<Token, Rc<VerifiedToken>> for ByLength {
    fn weight(&self, token: &Token, verified: &Rc<VerifiedToken>) -> u64 {
        let size = token.0.len().saturating_add(verified.claims.0.size());
        (size as u64).saturating_add(ENTRY_BYTES)
    }
}
