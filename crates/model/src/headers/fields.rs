//! Where the fields of a list lie.

use std::ops::Range;

use bytes::Bytes;
use smallvec::SmallVec;

use crate::field_text::is_name;

/// What stands between a name and its value, and behind a value.
pub(super) const COLON: &[u8] = b": ";
pub(super) const LINE_END: &[u8] = b"\r\n";
const ADDED: u32 = 1 << 31;
/// Room for what is usually added, in bytes.
const ADDED_USUAL: usize = 256;
/// Fields that most lists have at most.
const FIELDS_USUAL: usize = 16;

/// The fields of a list, and what they lie in.
#[derive(Clone, Default)]
pub(super) struct Fields {
    pub(super) block: Bytes,
    pub(super) added: Vec<u8>,
    pub(super) fields: SmallVec<[Field; FIELDS_USUAL]>,
    /// Something was added that nobody has looked at.
    pub(super) unseen: bool,
}

#[derive(Clone, Copy)]
pub(super) struct Field {
    pub(super) name: Place,
    pub(super) value: Place,
}

/// From and to these bytes: of the block, or, counted on from `ADDED`, of what was added.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// The fields, to look at.
#[derive(Clone, Copy, Default)]
pub(super) struct View<'a> {
    pub(super) fields: &'a [Field],
    block: &'a [u8],
    added: &'a [u8],
}

impl Place {
    pub(super) const NOTHING: Self = Self { start: 0, end: 0 };

    /// Returns the place of bytes of the block, where they can have one.
    #[inline]
    pub(super) fn read(place: Range<usize>) -> Option<Self> {
        Self::new(place, 0)
    }

    /// Puts `text` behind what was added before.
    pub(super) fn add(added: &mut Vec<u8>, text: &[u8]) -> Option<Self> {
        let start = added.len();
        let place = Self::new(start..start + text.len(), ADDED)?;
        added.extend_from_slice(text);
        Some(place)
    }

    #[inline]
    fn new(place: Range<usize>, from: u32) -> Option<Self> {
        let end = u32::try_from(place.end).ok().filter(|end| *end < ADDED)?;
        let start = u32::try_from(place.start).ok()?;
        Some(Self {
            start: start + from,
            end: end + from,
        })
    }

    #[inline]
    pub(super) const fn is_added(self) -> bool {
        self.start >= ADDED
    }

    #[inline]
    pub(super) fn of<'a>(self, block: &'a [u8], added: &'a [u8]) -> &'a [u8] {
        let (bytes, from) = if self.is_added() {
            (added, ADDED)
        } else {
            (block, 0)
        };
        let (start, end) = ((self.start - from) as usize, (self.end - from) as usize);
        bytes.get(start..end).unwrap_or_default()
    }
}

impl Fields {
    #[inline]
    pub(super) fn view(&self) -> View<'_> {
        View {
            fields: &self.fields,
            block: &self.block,
            added: &self.added,
        }
    }

    pub(super) fn bytes_of(&self, place: Place) -> Bytes {
        let text = self.view().of(place);
        if place.is_added() {
            Bytes::copy_from_slice(text)
        } else {
            self.block.slice_ref(text)
        }
    }

    #[inline]
    pub(super) fn push(&mut self, name: Option<Place>, value: Option<Place>) {
        if let (Some(name), Some(value)) = (name, value) {
            self.fields.push(Field { name, value });
        }
    }

    /// Puts a field behind what was added before, as it is written.
    #[inline]
    pub(super) fn put(&mut self, name: &[u8], write: impl FnOnce(&mut Vec<u8>)) {
        let added = &mut self.added;
        if added.capacity() == 0 {
            *added = Vec::with_capacity(ADDED_USUAL);
        }
        let start = added.len();
        added.extend_from_slice(name);
        let name_end = added.len();
        added.extend_from_slice(COLON);
        write(added);
        let end = added.len();
        added.extend_from_slice(LINE_END);
        let value_start = name_end + COLON.len();
        self.push(
            Place::new(start..name_end, ADDED),
            Place::new(value_start..end, ADDED),
        );
    }
}

impl<'a> View<'a> {
    #[inline]
    pub(super) fn of(self, place: Place) -> &'a [u8] {
        place.of(self.block, self.added)
    }

    /// Tells whether a field has this name.
    #[inline]
    pub(super) fn is_called(self, field: Field, name: &[u8]) -> bool {
        // Most names differ in length.
        (field.name.end - field.name.start) as usize == name.len() && is_name(self.of(field.name), name)
    }

    /// Returns where the line of a field stands, if it stands anywhere as it is written.
    #[inline]
    pub(super) fn line(self, Field { name, value }: Field) -> Option<Place> {
        if value.start != name.end + 2 {
            return None;
        }
        let (start, end) = (name.start, value.end + 2);
        let behind_name = self.of(Place { start: name.end, end });
        matches!(behind_name, [b':', b' ', .., b'\r', b'\n']).then_some(Place { start, end })
    }
}
