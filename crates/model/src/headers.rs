//! An ordered list of header fields, as they came: names keep their case, duplicates stay apart.

use bytes::{Bytes, BytesMut};

/// Tells whether `text` is a token, as names of header fields are (RFC 9110 section 5.6.2).
pub fn is_token(text: impl AsRef<[u8]>) -> bool {
    let text = text.as_ref();
    !text.is_empty() && token_length(text) == text.len()
}

/// Returns how many bytes at the front of `text` are characters of a token.
#[inline]
pub fn token_length(text: &[u8]) -> usize {
    let is_other = |byte: &u8| TOKEN.get(usize::from(*byte)) != Some(&true);
    text.iter().position(is_other).unwrap_or(text.len())
}

/// Tells whether `value` can be the value of a field: no control character but the tab (RFC 9110 section 5.5).
pub fn is_field_value(value: &[u8]) -> bool {
    // All bytes are looked at, without a branch for each, so that the compiler takes many at once: a token of a user is a
    // thousand bytes, and stopping early was a fifth of what a request cost here.
    !value.iter().fold(false, |found, byte| {
        found | ((*byte < b' ') & (*byte != b'\t')) | (*byte == 0x7f)
    })
}

/// The characters of a token (RFC 9110 section 5.6.2).
static TOKEN: [bool; 256] = token_table();

#[allow(
    clippy::indexing_slicing,
    reason = "evaluated when compiled, where it cannot fail unseen"
)]
const fn token_table() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let symbol = byte as u8;
        table[byte] = symbol.is_ascii_alphanumeric()
            || matches!(
                symbol,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            );
        byte += 1;
    }
    table
}

/// Header fields in the order of the wire. Names compare without case (RFC 9110 section 5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderList {
    fields: Vec<(Bytes, Bytes)>,
}

impl HeaderList {
    /// Returns an empty list.
    pub const fn new() -> Self {
        Self { fields: Vec::new() }
    }

    /// Returns an empty list with room for `fields`.
    pub fn with_capacity(fields: usize) -> Self {
        Self {
            fields: Vec::with_capacity(fields),
        }
    }

    /// Returns the same fields in memory of their own: what is kept must not keep the buffer that it was read into.
    #[must_use]
    pub fn detached(&self) -> Self {
        let mut all =
            BytesMut::with_capacity(self.iter().map(|(name, value)| name.len() + value.len()).sum());
        for (name, value) in self.iter() {
            all.extend_from_slice(name);
            all.extend_from_slice(value);
        }
        let mut all = all.freeze();
        self.iter()
            .map(|(name, value)| (all.split_to(name.len()), all.split_to(value.len())))
            .collect()
    }

    /// Adds a field at the end. The caller vouches that neither part holds CR, LF or NUL.
    pub fn push(&mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.fields.push((name.into(), value.into()));
    }

    /// Replaces every field called `name` by one.
    pub fn set(&mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        let name = name.into();
        self.remove(&name);
        self.push(name, value);
    }

    /// Removes every field called `name`.
    pub fn remove(&mut self, name: &[u8]) {
        self.fields.retain(|(field, _)| !field.eq_ignore_ascii_case(name));
    }

    /// Returns the first value of `name`.
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&Bytes> {
        let name = name.as_ref();
        self.fields
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Returns the first value of `name` when it is UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Returns every value of `name`, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Bytes> {
        self.fields
            .iter()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// Returns every field, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Bytes, &Bytes)> {
        self.fields.iter().map(|(name, value)| (name, value))
    }

    /// Keeps the fields for which `keep(name, value)` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&Bytes, &Bytes) -> bool) {
        self.fields.retain(|(name, value)| keep(name, value));
    }

    /// Keeps the fields for which `keep(name)` holds, and which it may rename.
    pub fn retain_renamed(&mut self, mut keep: impl FnMut(&mut Bytes) -> bool) {
        self.fields.retain_mut(|(name, _)| keep(name));
    }

    /// Returns how many fields there are.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Tells whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl<N: Into<Bytes>, V: Into<Bytes>> FromIterator<(N, V)> for HeaderList {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        Self {
            fields: fields
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detached_fields_are_the_same_in_memory_of_their_own() {
        let read = Bytes::from(b"Name: value\r\nEmpty:\r\nname: other\r\n".repeat(1_000));
        let mut headers = HeaderList::new();
        headers.push(read.slice(0..4), read.slice(6..11));
        headers.push(read.slice(13..18), Bytes::new());
        headers.push(read.slice(21..25), read.slice(27..32));
        let detached = headers.detached();
        assert_eq!(detached, headers);
        drop(headers);
        assert!(read.is_unique(), "nobody else holds what was read");
        assert_eq!(detached.text("name"), Some("value"));
    }
}
