//! An ordered list of header fields, as they came: names keep their case, duplicates stay apart.

mod fields;

use std::{fmt, ops::Range};

use bytes::Bytes;

use self::fields::{COLON, Fields, LINE_END, Place, View};
use crate::field_text::{FieldName, is_field_value, is_name, is_token};

/// Header fields in the order of the wire. Names compare without case (RFC 9110 section 5.1).
///
/// On the heap, for lists are handed on from layer to layer. A field is four numbers: where its name and its value lie. Those that
/// were read together lie in one block, which passing them on shares; what is added lies behind one another in memory of the
/// list's own, as it is written: `name: value` and CRLF. Neither holds more than 2 GiB, which no head comes near: what would lie
/// behind is left out.
#[derive(Clone, Default)]
pub struct HeaderList(Option<Box<Fields>>);

impl HeaderList {
    /// Returns an empty list.
    pub const fn new() -> Self {
        Self(None)
    }

    /// Returns an empty list with room for `fields`.
    pub fn with_capacity(fields: usize) -> Self {
        Self::read_from(Bytes::new(), fields)
    }

    /// Returns an empty list with room for `fields` which lie in `block`.
    pub fn read_from(block: Bytes, fields: usize) -> Self {
        let mut list = Fields::room();
        list.block = block;
        list.fields.reserve(fields);
        Self(Some(list))
    }

    /// Says where the fields lie that were read, when all of them were.
    pub fn lie_in(&mut self, block: Bytes) {
        self.fields().block = block;
    }

    /// Adds a field that lies in the block that the list is read from. Who reads it vouches that it can be one: see
    /// [`Self::bad_field`].
    #[inline]
    pub fn push_read(&mut self, name: Range<usize>, value: Range<usize>) {
        self.fields().push(Place::read(name), Place::read(value));
    }

    /// Returns the same fields in memory of their own: what is kept must not keep the buffer that it was read into.
    #[must_use]
    pub fn detached(&self) -> Self {
        let line = |(name, value): (&[u8], &[u8])| name.len() + COLON.len() + value.len() + LINE_END.len();
        // Not the room of one before: what is kept takes what it needs.
        let mut fields = Box::<Fields>::default();
        fields.fields.reserve(self.len());
        fields.added.reserve_exact(self.iter().map(line).sum());
        let mut detached = Self(Some(fields));
        for (name, value) in self.iter() {
            detached.push(name, value);
        }
        detached
    }

    /// Returns the fields for which `keep(name)` holds, with room for `more`. They are copied: to share the memory of two lists is
    /// dearer for all but long ones.
    #[must_use]
    pub fn filtered(&self, more: usize, mut keep: impl FnMut(&[u8]) -> bool) -> Self {
        let view = self.view();
        let mut list = Self::with_capacity(view.fields.len() + more);
        let kept = list.fields();
        kept.unseen = self.0.as_deref().is_some_and(|all| all.unseen);
        for field in view.fields {
            let name = view.of(field.name);
            if keep(name) {
                kept.put(name, |added| added.extend_from_slice(view.of(field.value)));
            }
        }
        list
    }

    fn fields(&mut self) -> &mut Fields {
        self.0.get_or_insert_with(Fields::room)
    }

    #[inline]
    fn view(&self) -> View<'_> {
        self.0.as_deref().map(Fields::view).unwrap_or_default()
    }

    fn bytes_of(&self, place: Place) -> Bytes {
        self.0
            .as_deref()
            .map(|fields| fields.bytes_of(place))
            .unwrap_or_default()
    }

    /// Adds a field at the end. Who writes it looks whether it can be one: [`Self::bad_field`].
    pub fn push(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let fields = self.fields();
        fields.unseen = true;
        fields.put(name.as_ref(), |added| added.extend_from_slice(value.as_ref()));
    }

    /// Adds a field of ours at the end, whose value `write` appends to what it is given. Who calls vouches for the value, as for
    /// one that is read.
    #[inline]
    pub fn push_own(&mut self, name: FieldName, write: impl FnOnce(&mut Vec<u8>)) {
        self.fields().put(name.as_str().as_bytes(), write);
    }

    /// Appends the lines of the fields for which `keep(name)` holds, `name: value` and CRLF each (RFC 9112 section 5).
    ///
    /// Those that stand so behind one another, as what was added does and most that were read do, are written at once.
    pub fn write_lines(&self, out: &mut Vec<u8>, mut keep: impl FnMut(&[u8]) -> bool) {
        let view = self.view();
        let mut run = Place::NOTHING;
        for field in view.fields {
            if !keep(view.of(field.name)) {
                continue;
            }
            let line = view.line(*field);
            if let Some(line) = line.filter(|line| line.start == run.end) {
                run.end = line.end;
                continue;
            }
            out.extend_from_slice(view.of(run));
            run = line.unwrap_or(Place::NOTHING);
            if line.is_none() {
                for part in [view.of(field.name), COLON, view.of(field.value), LINE_END] {
                    out.extend_from_slice(part);
                }
            }
        }
        out.extend_from_slice(view.of(run));
    }

    /// Replaces every field called `name` by one.
    pub fn set(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.remove(name.as_ref());
        self.push(name, value);
    }

    /// Removes every field called `name`.
    pub fn remove(&mut self, name: &[u8]) {
        if self.view().may_have(name) {
            self.retain(|field, _| !field.eq_ignore_ascii_case(name));
        }
    }

    /// Returns the first value of `name`.
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        self.find(name.as_ref()).map(|value| self.view().of(value))
    }

    /// Returns the first value of `name`, to keep.
    pub fn get_bytes(&self, name: impl AsRef<[u8]>) -> Option<Bytes> {
        self.find(name.as_ref()).map(|value| self.bytes_of(value))
    }

    #[inline]
    fn find(&self, name: &[u8]) -> Option<Place> {
        self.view().called(name).next().map(|field| field.value)
    }

    /// Returns the first value of `name` when it is UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// Returns every value of `name`, in order.
    #[inline]
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let view = self.view();
        let fields = view.called(name.as_bytes());
        fields.map(move |field| view.of(field.value))
    }

    /// Returns every value of `name`, in order, to keep.
    pub fn all_bytes<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Bytes> {
        let fields = self.view().called(name.as_bytes());
        fields.map(|field| self.bytes_of(field.value))
    }

    /// Returns every field, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let view = self.view();
        view.fields
            .iter()
            .map(move |field| (view.of(field.name), view.of(field.value)))
    }

    /// Keeps the fields for which `keep(name, value)` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&[u8], &[u8]) -> bool) {
        let Some(list) = &mut self.0 else { return };
        let Fields {
            block, added, fields, ..
        } = &mut **list;
        fields.retain(|field| keep(field.name.of(block, added), field.value.of(block, added)));
    }

    /// Renames fields, and leaves some out.
    pub fn rename(&mut self, mut renamed: impl FnMut(&[u8]) -> Renamed) {
        let Some(list) = &mut self.0 else { return };
        let Fields {
            block,
            added,
            fields,
            lengths,
            unseen,
        } = &mut **list;
        fields.retain(|field| match renamed(field.name.of(block, added)) {
            Renamed::Kept => true,
            Renamed::To(other) => match Place::add(added, &other) {
                Some(place) => {
                    *unseen = true;
                    *lengths |= place.length_bit();
                    field.name = place;
                    true
                }
                None => false,
            },
            Renamed::LeftOut => false,
        });
    }

    /// Tells what is wrong with a field that was added, if anything is: names are tokens, values hold no control character
    /// (RFC 9110 section 5). Of those that were read together, whoever read them has looked.
    pub fn bad_field(&self) -> Option<BadField> {
        let list = self.0.as_deref().filter(|list| list.unseen)?;
        let view = list.view();
        view.fields.iter().find_map(|field| {
            if field.name.is_added() && !is_token(view.of(field.name)) {
                return Some(BadField::Name);
            }
            let is_bad = field.value.is_added() && !is_field_value(view.of(field.value));
            is_bad.then_some(BadField::Value)
        })
    }

    /// Returns how many fields there are.
    pub fn len(&self) -> usize {
        self.view().fields.len()
    }

    /// Tells whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Drop for HeaderList {
    fn drop(&mut self) {
        if let Some(list) = self.0.take() {
            Fields::give_back(list);
        }
    }
}

/// Tells whether a name of a field is one of a few. Where they are written out, nothing is looked up: whoever asks about many sorts
/// them by their length first.
#[inline]
pub fn is_one_of<const NAMES: usize>(name: &[u8], names: [&[u8]; NAMES]) -> bool {
    names.iter().any(|known| is_name(name, known))
}

/// Tells whether a field belongs to one connection (RFC 9110 section 7.6.1).
pub fn is_of_connection(name: &[u8]) -> bool {
    match name.len() {
        2 => is_name(name, b"te"),
        7 => is_one_of(name, [b"trailer", b"upgrade"]),
        10 => is_one_of(name, [b"connection", b"keep-alive"]),
        16 => is_name(name, b"proxy-connection"),
        17 => is_name(name, b"transfer-encoding"),
        _ => false,
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
    fn room_of_a_list_that_is_over_tells_nothing_of_it() {
        let read = Bytes::from(b"Name: value\r\n".repeat(10));
        for fields in [1, 10, 300] {
            let mut headers = HeaderList::read_from(read.clone(), 1);
            for _ in 0..fields {
                headers.push_read(0..4, 6..11);
                headers.push("Other", "of somebody else");
            }
            drop(headers);
            assert!(read.is_unique(), "nobody holds what was read");
            let mut next = HeaderList::new();
            assert!(next.is_empty());
            next.push_own(const { FieldName::new("Ours") }, |value| {
                value.extend_from_slice(b"1");
            });
            assert_eq!(next.bad_field(), None);
            let fields: Vec<_> = next.iter().collect();
            assert_eq!(fields, [(b"Ours".as_slice(), b"1".as_slice())]);
        }
    }

    #[test]
    fn fields_are_found_by_names_of_every_length_and_by_those_that_they_were_given() {
        let name = |length: usize| "n".repeat(length);
        for length in (1..130).step_by(3) {
            let mut headers = HeaderList::read_from(Bytes::from_static(b"Readvalue"), 1);
            headers.push_read(0..4, 4..9);
            headers.push(name(length), "pushed");
            for asked in 1..200 {
                let expected = (asked == length).then_some("pushed");
                assert_eq!(headers.text(&name(asked)), expected, "{length} {asked}");
                assert_eq!(headers.all(&name(asked)).count(), usize::from(asked == length));
            }
            assert_eq!(headers.all_bytes("READ").collect::<Vec<_>>(), ["value"]);
            headers.rename(|known| match known {
                b"Read" => Renamed::To(name(length + 1).into()),
                _ => Renamed::Kept,
            });
            assert_eq!(headers.get(name(length + 1)), Some(b"value".as_slice()));
            let copy = headers.filtered(0, |_| true);
            assert_eq!(copy.get(name(length + 1)), Some(b"value".as_slice()));
            headers.remove(name(length).to_uppercase().as_bytes());
            assert_eq!(headers.len(), 1);
            assert_eq!(headers.get(name(length)), None);
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
