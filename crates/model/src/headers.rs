//! An ordered list of header fields, as they came: names keep their case, duplicates stay apart.

use std::{fmt, ops::Range};

use bytes::{Bytes, BytesMut};

/// Tells whether `text` is a token, as names of header fields are (RFC 9110 section 5.6.2).
pub fn is_token(text: impl AsRef<[u8]>) -> bool {
    let text = text.as_ref();
    // Without a branch for each byte.
    let is_token = |is: bool, byte: &u8| is & TOKEN.get(usize::from(*byte)).copied().unwrap_or(false);
    !text.is_empty() && text.iter().fold(true, is_token)
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
///
/// Fields that were read together lie in one block and say where: reading, passing on and dropping them counts no reference
/// but that to the block.
#[derive(Clone, Default)]
pub struct HeaderList {
    block: Bytes,
    fields: Vec<(Text, Text)>,
}

/// A name or a value.
#[derive(Clone)]
enum Text {
    /// From and to these bytes of the block.
    InBlock(u32, u32),
    Own(Bytes),
}

impl Text {
    #[inline]
    fn of<'a>(&'a self, block: &'a Bytes) -> &'a [u8] {
        match self {
            Self::InBlock(start, end) => block.get(*start as usize..*end as usize).unwrap_or_default(),
            Self::Own(bytes) => bytes,
        }
    }

    fn bytes_of(&self, block: &Bytes) -> Bytes {
        match self {
            Self::InBlock(..) => block.slice_ref(self.of(block)),
            Self::Own(bytes) => bytes.clone(),
        }
    }

    fn within(block: &Bytes, place: Range<usize>) -> Self {
        match (u32::try_from(place.start), u32::try_from(place.end)) {
            (Ok(start), Ok(end)) => Self::InBlock(start, end),
            _ => Self::Own(
                block
                    .get(place)
                    .map(|text| block.slice_ref(text))
                    .unwrap_or_default(),
            ),
        }
    }
}

impl HeaderList {
    /// Returns an empty list.
    pub const fn new() -> Self {
        Self {
            block: Bytes::new(),
            fields: Vec::new(),
        }
    }

    /// Returns an empty list with room for `fields`.
    pub fn with_capacity(fields: usize) -> Self {
        Self::read_from(Bytes::new(), fields)
    }

    /// Returns an empty list with room for `fields` which lie in `block`.
    pub fn read_from(block: Bytes, fields: usize) -> Self {
        Self {
            block,
            fields: Vec::with_capacity(fields),
        }
    }

    /// Adds a field that lies in the block that the list is read from.
    #[inline]
    pub fn push_read(&mut self, name: Range<usize>, value: Range<usize>) {
        let field = (Text::within(&self.block, name), Text::within(&self.block, value));
        self.fields.push(field);
    }

    /// Returns the same fields in memory of their own: what is kept must not keep the buffer that it was read into.
    #[must_use]
    pub fn detached(&self) -> Self {
        let mut block =
            BytesMut::with_capacity(self.iter().map(|(name, value)| name.len() + value.len()).sum());
        let mut places = Vec::with_capacity(self.len());
        for (name, value) in self.iter() {
            let (start, middle) = (block.len(), block.len() + name.len());
            block.extend_from_slice(name);
            block.extend_from_slice(value);
            places.push((start..middle, middle..block.len()));
        }
        let mut detached = Self::read_from(block.freeze(), places.len());
        for (name, value) in places {
            detached.push_read(name, value);
        }
        detached
    }

    /// Returns the fields for which `keep(name)` holds, with room for `more`.
    #[must_use]
    pub fn filtered(&self, more: usize, mut keep: impl FnMut(&[u8]) -> bool) -> Self {
        let mut filtered = Self::read_from(self.block.clone(), self.len() + more);
        for field in &self.fields {
            if keep(field.0.of(&self.block)) {
                filtered.fields.push(field.clone());
            }
        }
        filtered
    }

    /// Adds a field at the end. The caller vouches that neither part holds CR, LF or NUL.
    pub fn push(&mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        self.fields
            .push((Text::Own(name.into()), Text::Own(value.into())));
    }

    /// Replaces every field called `name` by one.
    pub fn set(&mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) {
        let name = name.into();
        self.remove(&name);
        self.push(name, value);
    }

    /// Removes every field called `name`.
    pub fn remove(&mut self, name: &[u8]) {
        self.retain(|field, _| !field.eq_ignore_ascii_case(name));
    }

    /// Returns the first value of `name`.
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        self.find(name.as_ref()).map(|value| value.of(&self.block))
    }

    /// Returns the first value of `name`, to keep.
    pub fn get_bytes(&self, name: impl AsRef<[u8]>) -> Option<Bytes> {
        self.find(name.as_ref()).map(|value| value.bytes_of(&self.block))
    }

    fn find(&self, name: &[u8]) -> Option<&Text> {
        self.fields
            .iter()
            .find(|(field, _)| field.of(&self.block).eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Returns the first value of `name` when it is UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Returns every value of `name`, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.iter()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// Returns every value of `name`, in order, to keep.
    pub fn all_bytes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Bytes> {
        self.fields
            .iter()
            .filter(move |(field, _)| field.of(&self.block).eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value.bytes_of(&self.block))
    }

    /// Returns every field, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let block = &self.block;
        self.fields
            .iter()
            .map(move |(name, value)| (name.of(block), value.of(block)))
    }

    /// Returns every field, in order, to keep.
    pub fn iter_bytes(&self) -> impl Iterator<Item = (Bytes, Bytes)> {
        let block = &self.block;
        self.fields
            .iter()
            .map(move |(name, value)| (name.bytes_of(block), value.bytes_of(block)))
    }

    /// Keeps the fields for which `keep(name, value)` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&[u8], &[u8]) -> bool) {
        let block = &self.block;
        self.fields
            .retain(|(name, value)| keep(name.of(block), value.of(block)));
    }

    /// Renames fields, and leaves some out.
    pub fn rename(&mut self, mut renamed: impl FnMut(&[u8]) -> Renamed) {
        let block = &self.block;
        self.fields.retain_mut(|(name, _)| match renamed(name.of(block)) {
            Renamed::Kept => true,
            Renamed::To(other) => {
                *name = Text::Own(other);
                true
            }
            Renamed::LeftOut => false,
        });
    }

    /// Returns how many fields there are.
    pub const fn len(&self) -> usize {
        self.fields.len()
    }

    /// Tells whether there is no field.
    pub const fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// What becomes of a field in [`HeaderList::rename`].
pub enum Renamed {
    Kept,
    To(Bytes),
    LeftOut,
}

impl PartialEq for HeaderList {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for HeaderList {}

impl fmt::Debug for HeaderList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let fields = self.iter().map(|(name, value)| (shown(name), shown(value)));
        formatter.debug_list().entries(fields).finish()
    }
}

impl<N: Into<Bytes>, V: Into<Bytes>> FromIterator<(N, V)> for HeaderList {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        let mut list = Self::new();
        for (name, value) in fields {
            list.push(name, value);
        }
        list
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
