//! What a field of a request is, and whether it can be one at all (RFC 9113 sections 8.2 and 8.3). Looked at when a field is said
//! first: later it is the number of an entry.

use portcullis_model::{is_field_value, is_of_connection, token_length};

/// What a field of a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Kind {
    Authority,
    Method,
    Path,
    Scheme,
    Host,
    Length,
    Cookie,
    /// It says which trailers are understood: `trailers`, or nothing.
    Te,
    Other,
    /// A request that has it is malformed.
    Malformed,
}

impl Kind {
    /// Returns what a field called `name` is.
    pub(super) fn of_name(name: &[u8]) -> Self {
        if name.first() == Some(&b':') {
            return match name {
                b":authority" => Self::Authority,
                b":method" => Self::Method,
                b":path" => Self::Path,
                b":scheme" => Self::Scheme,
                _ => Self::Malformed,
            };
        }
        let is_token = !name.is_empty() && token_length(name) == name.len();
        if !is_token || name.iter().any(u8::is_ascii_uppercase) {
            return Self::Malformed;
        }
        match name {
            b"te" => Self::Te,
            b"host" => Self::Host,
            b"cookie" => Self::Cookie,
            b"content-length" => Self::Length,
            // Those of one connection (section 8.2.2), but for the one that names trailers.
            _ if is_of_connection(name) && name != b"trailer" => Self::Malformed,
            _ => Self::Other,
        }
    }

    /// Returns what a field is whose name says this, with `value`. What a pseudo-field says, its reader looks at.
    pub(super) fn with(self, value: &[u8]) -> Self {
        let is_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
        match self {
            Self::Authority | Self::Method | Self::Path | Self::Scheme | Self::Malformed => self,
            _ if is_space(value.first()) || is_space(value.last()) || !is_field_value(value) => {
                Self::Malformed
            }
            Self::Te if value == b"trailers" => Self::Other,
            Self::Te => Self::Malformed,
            _ => self,
        }
    }

    /// Tells whether it is one of those that stand before all fields (section 8.3).
    pub(in super::super) const fn is_pseudo(self) -> bool {
        matches!(self, Self::Authority | Self::Method | Self::Path | Self::Scheme)
    }
}
