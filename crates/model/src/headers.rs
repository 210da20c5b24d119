//! An ordered list of header fields, as they came: names keep their case, duplicates stay apart.

use std::{fmt, ops::Range};

use bytes::Bytes;

use crate::field_text::{FieldName, is_field_value, is_token};

/// Header fields in the order of the wire. Names compare without case (RFC 9110 section 5.1).
///
/// A field is four numbers: where its name and its value lie. Those that were read together lie in one block, which passing them
/// on shares; what is added lies behind one another in memory of the list's own, as it is written: `name: value` and CRLF. Neither
/// holds more than 2 GiB, which no head comes near: what would lie behind is left out.
#[derive(Clone, Default)]
pub struct HeaderList {
    block: Bytes,
    added: Vec<u8>,
    fields: Vec<Field>,
    /// Something was added that nobody has looked at.
    unseen: bool,
}

#[derive(Clone, Copy)]
struct Field {
    name: Place,
    value: Place,
}

/// From and to these bytes: of the block, or, counted on from `ADDED`, of what was added.
#[derive(Clone, Copy)]
struct Place {
    start: u32,
    end: u32,
}

const ADDED: u32 = 1 << 31;
/// What stands between a name and its value, and behind a value.
const COLON: &[u8] = b": ";
const LINE_END: &[u8] = b"\r\n";
/// Room for what is usually added.
const ADDED_USUAL: usize = 256;

impl Place {
    #[inline]
    fn of<'a>(self, block: &'a [u8], added: &'a [u8]) -> &'a [u8] {
        let (bytes, from) = if self.start < ADDED {
            (block, 0)
        } else {
            (added, ADDED)
        };
        let (start, end) = ((self.start - from) as usize, (self.end - from) as usize);
        bytes.get(start..end).unwrap_or_default()
    }

    /// Returns the place of these bytes where they can have one.
    fn new(place: Range<usize>, from: u32) -> Option<Self> {
        let end = u32::try_from(place.end).ok().filter(|end| *end < ADDED)?;
        let start = u32::try_from(place.start).ok()?;
        Some(Self {
            start: start + from,
            end: end + from,
        })
    }
}

impl HeaderList {
    /// Returns an empty list.
    pub const fn new() -> Self {
        Self {
            block: Bytes::new(),
            added: Vec::new(),
            fields: Vec::new(),
            unseen: false,
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
            added: Vec::new(),
            fields: Vec::with_capacity(fields),
            unseen: false,
        }
    }

    /// Says where the fields lie that were read, when all of them were.
    pub fn lie_in(&mut self, block: Bytes) {
        self.block = block;
    }

    /// Adds a field that lies in the block that the list is read from. Who reads it vouches that it can be one: see
    /// [`Self::bad_field`].
    #[inline]
    pub fn push_read(&mut self, name: Range<usize>, value: Range<usize>) {
        if let (Some(name), Some(value)) = (Place::new(name, 0), Place::new(value, 0)) {
            self.fields.push(Field { name, value });
        }
    }

    /// Returns the same fields in memory of their own: what is kept must not keep the buffer that it was read into.
    #[must_use]
    pub fn detached(&self) -> Self {
        let bytes = self
            .iter()
            .map(|(name, value)| name.len() + value.len() + 4)
            .sum();
        let mut detached = Self::with_capacity(self.len());
        detached.added.reserve_exact(bytes);
        for (name, value) in self.iter() {
            detached.add(name, value);
        }
        detached
    }

    /// Returns the fields for which `keep(name)` holds, with room for `more`.
    #[must_use]
    pub fn filtered(&self, more: usize, mut keep: impl FnMut(&[u8]) -> bool) -> Self {
        let mut filtered = Self::read_from(self.block.clone(), self.len() + more);
        filtered.added.clone_from(&self.added);
        filtered.unseen = self.unseen;
        let kept = self.fields.iter().filter(|field| keep(self.of(field.name)));
        filtered.fields.extend(kept);
        filtered
    }

    #[inline]
    fn of(&self, place: Place) -> &[u8] {
        place.of(&self.block, &self.added)
    }

    fn bytes_of(&self, place: Place) -> Bytes {
        match place.start < ADDED {
            true => self.block.slice_ref(self.of(place)),
            false => Bytes::copy_from_slice(self.of(place)),
        }
    }

    /// Adds a field at the end. Who writes it looks whether it can be one: [`Self::bad_field`].
    pub fn push(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.add(name.as_ref(), value.as_ref());
    }

    fn add(&mut self, name: &[u8], value: &[u8]) {
        self.unseen = true;
        self.put(name, |added| added.extend_from_slice(value));
    }

    /// Adds a field of ours at the end, whose value `write` appends to what it is given. Who calls vouches for the value, as for
    /// one that is read.
    pub fn push_own(&mut self, name: FieldName, write: impl FnOnce(&mut Vec<u8>)) {
        self.put(name.as_str().as_bytes(), write);
    }

    #[inline]
    fn put(&mut self, name: &[u8], write: impl FnOnce(&mut Vec<u8>)) {
        let added = &mut self.added;
        if added.capacity() == 0 {
            added.reserve(ADDED_USUAL);
        }
        let start = added.len();
        added.extend_from_slice(name);
        let name_end = added.len();
        added.extend_from_slice(COLON);
        write(added);
        let end = added.len();
        added.extend_from_slice(LINE_END);
        let name = Place::new(start..name_end, ADDED);
        let value = Place::new(name_end + COLON.len()..end, ADDED);
        if let (Some(name), Some(value)) = (name, value) {
            self.fields.push(Field { name, value });
        }
    }

    /// Appends the lines of the fields for which `keep(name)` holds, `name: value` and CRLF each (RFC 9112 section 5).
    ///
    /// Those that stand so behind one another, as what was added does and most that were read do, are written at once.
    pub fn write_lines(&self, out: &mut Vec<u8>, mut keep: impl FnMut(&[u8]) -> bool) {
        const NOTHING: Place = Place { start: 0, end: 0 };
        let mut run = NOTHING;
        for field in &self.fields {
            if !keep(self.of(field.name)) {
                continue;
            }
            let line = self.line(*field);
            if let Some(line) = line.filter(|line| line.start == run.end) {
                run.end = line.end;
                continue;
            }
            out.extend_from_slice(self.of(run));
            run = line.unwrap_or(NOTHING);
            if line.is_none() {
                for part in [self.of(field.name), COLON, self.of(field.value), LINE_END] {
                    out.extend_from_slice(part);
                }
            }
        }
        out.extend_from_slice(self.of(run));
    }

    /// Returns where the line of a field stands, if it stands anywhere as it is written.
    #[inline]
    fn line(&self, Field { name, value }: Field) -> Option<Place> {
        if value.start != name.end + 2 {
            return None;
        }
        let (start, end) = (name.start, value.end + 2);
        let behind_name = self.of(Place { start: name.end, end });
        matches!(behind_name, [b':', b' ', .., b'\r', b'\n']).then_some(Place { start, end })
    }

    /// Puts `text` behind what was added before.
    fn place_of(&mut self, text: &[u8]) -> Option<Place> {
        let start = self.added.len();
        let place = Place::new(start..start + text.len(), ADDED)?;
        self.added.extend_from_slice(text);
        Some(place)
    }

    /// Replaces every field called `name` by one.
    pub fn set(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.remove(name.as_ref());
        self.push(name, value);
    }

    /// Removes every field called `name`.
    pub fn remove(&mut self, name: &[u8]) {
        self.retain(|field, _| !field.eq_ignore_ascii_case(name));
    }

    /// Returns the first value of `name`.
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        self.find(name.as_ref()).map(|value| self.of(value))
    }

    /// Returns the first value of `name`, to keep.
    pub fn get_bytes(&self, name: impl AsRef<[u8]>) -> Option<Bytes> {
        self.find(name.as_ref()).map(|value| self.bytes_of(value))
    }

    fn find(&self, name: &[u8]) -> Option<Place> {
        self.fields
            .iter()
            .find(|field| self.of(field.name).eq_ignore_ascii_case(name))
            .map(|field| field.value)
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
            .filter(move |field| self.of(field.name).eq_ignore_ascii_case(name.as_bytes()))
            .map(|field| self.bytes_of(field.value))
    }

    /// Returns every field, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields
            .iter()
            .map(|field| (self.of(field.name), self.of(field.value)))
    }

    /// Calls `each` with every field, in order, until it returns none; values are to keep, and share the list's memory.
    pub fn try_for_each(self, mut each: impl FnMut(&[u8], Bytes) -> Option<()>) -> Option<()> {
        let (block, added) = (self.block, Bytes::from(self.added));
        self.fields.iter().try_for_each(|field| {
            let value = field.value.of(&block, &added);
            let memory = if field.value.start < ADDED { &block } else { &added };
            each(field.name.of(&block, &added), memory.slice_ref(value))
        })
    }

    /// Keeps the fields for which `keep(name, value)` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&[u8], &[u8]) -> bool) {
        let (block, added) = (&self.block, &self.added);
        self.fields
            .retain(|field| keep(field.name.of(block, added), field.value.of(block, added)));
    }

    /// Renames fields, and leaves some out.
    pub fn rename(&mut self, mut renamed: impl FnMut(&[u8]) -> Renamed) {
        let mut fields = std::mem::take(&mut self.fields);
        fields.retain_mut(|field| match renamed(self.of(field.name)) {
            Renamed::Kept => true,
            Renamed::To(other) => match self.place_of(&other) {
                Some(place) => {
                    self.unseen = true;
                    field.name = place;
                    true
                }
                None => false,
            },
            Renamed::LeftOut => false,
        });
        self.fields = fields;
    }

    /// Tells what is wrong with a field that was added, if anything is: names are tokens, values hold no control character
    /// (RFC 9110 section 5). Of those that were read together, whoever read them has looked.
    pub fn bad_field(&self) -> Option<BadField> {
        if !self.unseen {
            return None;
        }
        self.fields.iter().find_map(|Field { name, value }| {
            if name.start >= ADDED && !is_token(self.of(*name)) {
                return Some(BadField::Name);
            }
            (value.start >= ADDED && !is_field_value(self.of(*value))).then_some(BadField::Value)
        })
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

/// What of a field cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadField {
    Name,
    Value,
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

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for HeaderList {
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

    #[test]
    fn what_was_added_is_looked_at_before_it_is_written() {
        let mut headers = HeaderList::read_from(Bytes::from_static(b"Nameva\x01ue"), 2);
        headers.push_read(0..4, 4..9);
        headers.push_own(const { FieldName::new("Ours") }, |value| {
            value.extend_from_slice(b"1")
        });
        assert_eq!(headers.bad_field(), None);
        headers.push("Fine", "a\tb");
        assert_eq!(headers.bad_field(), None);
        let with = |name: &str, value: &[u8]| {
            let mut headers = headers.clone();
            headers.push(name, value);
            headers.bad_field()
        };
        assert_eq!(with("two words", b""), Some(BadField::Name));
        assert_eq!(with("", b""), Some(BadField::Name));
        assert_eq!(with("a", b"1\r\nb: 2"), Some(BadField::Value));
        headers.rename(|name| match name {
            b"Name" => Renamed::To(Bytes::from_static(b"a b")),
            _ => Renamed::Kept,
        });
        assert_eq!(headers.bad_field(), Some(BadField::Name));
    }

    #[test]
    fn lines_are_written_the_same_however_the_fields_stand() {
        let read = b"A: 1\r\nB:2\r\nC: 3\r\nD: \r\nE: 5\nF: 6 \r\nG\t: 7";
        let mut headers = HeaderList::read_from(Bytes::from_static(read), 9);
        for (name, value) in [
            (0..1, 3..4),
            (6..7, 8..9),
            (11..12, 14..15),
            (17..18, 20..20),
            (22..23, 25..26),
            (27..28, 30..31),
            (34..35, 38..39),
        ] {
            headers.push_read(name, value);
        }
        headers.push("H", "8");
        headers.push("I", "");
        headers.push_own(const { FieldName::new("J") }, |value| {
            value.extend_from_slice(b"10");
        });
        headers.rename(|name| match name {
            b"C" => Renamed::To(Bytes::from_static(b"Sea")),
            _ => Renamed::Kept,
        });
        for left_out in b'@'..=b'J' {
            let mut expected = Vec::new();
            for (name, value) in headers.iter().filter(|(name, _)| *name != [left_out]) {
                expected.extend_from_slice(&[name, b": ", value, b"\r\n"].concat());
            }
            let mut out = Vec::new();
            headers.write_lines(&mut out, |name| name != [left_out]);
            assert_eq!(out, expected, "{}", out.escape_ascii());
        }
    }

    #[test]
    fn fields_keep_their_order_and_their_bytes_whatever_is_done_to_the_list() {
        let mut headers = HeaderList::read_from(Bytes::from_static(b"AoneBtwo"), 2);
        headers.push_read(0..1, 1..4);
        headers.push_read(4..5, 5..8);
        headers.push("C", "three");
        let mut passed = headers.filtered(1, |name| name != b"A");
        passed.set("c", "3");
        passed.push("D", "");
        let fields: Vec<(&[u8], &[u8])> = passed.iter().collect();
        assert_eq!(
            fields,
            [(b"B".as_slice(), b"two".as_slice()), (b"c", b"3"), (b"D", b"")]
        );
        assert_eq!(headers.get_bytes("b").unwrap(), "two");
        assert_eq!(headers.all_bytes("C").collect::<Vec<_>>(), ["three"]);
        assert_eq!(headers, headers.detached());
        headers.remove(b"a");
        assert_eq!(headers.len(), 2);
    }
}
