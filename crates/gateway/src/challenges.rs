//! Answers to the challenges by which an ACME CA finds out that a name leads to us (RFC 8555 section 8.3), served in clear text
//! while an order is open. Whoever asks learns what the CA is to see, for the very name and token alone.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::http::{Listener, Request, Response};

const PREFIX: &[u8] = b"/.well-known/acme-challenge/";

/// The answers that are open now.
#[derive(Default)]
pub struct Challenges {
    /// By name and token.
    answers: Mutex<HashMap<(String, String), String>>,
}

impl Challenges {
    /// Answers `token` on `name` with `answer` from now on.
    pub fn open(&self, name: &str, token: &str, answer: &str) {
        self.locked()
            .insert((name.to_owned(), token.to_owned()), answer.to_owned());
    }

    /// Answers `token` on `name` no more.
    pub fn close(&self, name: &str, token: &str) {
        self.locked().remove(&(name.to_owned(), token.to_owned()));
    }

    /// Returns the answer to a request, if it asks for one that is open.
    pub(crate) fn answer(&self, request: &Request) -> Option<Response> {
        if request.peer.listener != Listener::PublicHttp || *request.method != *b"GET" {
            return None;
        }
        let token = std::str::from_utf8(request.path().strip_prefix(PREFIX)?).ok()?;
        let authority = &*request.authority;
        let name = authority.rsplit_once(':').map_or(authority, |(name, _)| name);
        let key = (name.to_ascii_lowercase(), token.to_owned());
        let answer = self.locked().get(&key).cloned()?;
        Some(Response::full(200, "application/octet-stream", answer))
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<(String, String), String>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
