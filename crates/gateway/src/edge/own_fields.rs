//! What the head of an answer says in any version of HTTP: which fields pass, and which are ours to say.

use portcullis_model::{is_name, is_of_connection};

use crate::http::Response;

/// Tells whether an answer has no body, whatever it was given (RFC 9110 sections 6.4.1 and 9.3.2).
pub(super) const fn is_bodiless(response: &Response, to_head: bool) -> bool {
    to_head || matches!(response.status, 204 | 304)
}

/// Looks at the fields of an answer as they are written.
#[derive(Debug)]
pub(super) struct OwnFields {
    keeps_length: bool,
    pub(super) is_dated: bool,
    pub(super) has_length: bool,
}

impl OwnFields {
    /// Nothing has been written yet.
    ///
    /// The answer to a HEAD, and a 304, carry the length of a body that is not sent (RFC 9110 section 8.6). Any other length is
    /// ours to say: one that somebody mapped could make two answers of one.
    pub(super) fn of(response: &Response, is_bodiless: bool) -> Self {
        Self {
            keeps_length: is_bodiless && response.status != 204 && response.body.length() == Some(0),
            is_dated: false,
            has_length: false,
        }
    }

    /// Tells whether a field passes, which is then written.
    pub(super) fn passes(&mut self, name: &[u8]) -> bool {
        match name.len() {
            4 if is_name(name, b"date") => {
                self.is_dated = true;
                true
            }
            14 if is_name(name, b"content-length") => {
                self.keeps_length && !std::mem::replace(&mut self.has_length, true)
            }
            _ => !is_of_connection(name),
        }
    }
}
