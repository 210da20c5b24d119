//! Where the fields of a list lie.

use std::{cell::RefCell, ops::Range};

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

/// Lists whose room a thread keeps for others. Every request has three.
const SPARE_MAX: usize = 64;
/// What was added to a list whose room is kept, at most, in bytes.
const ADDED_KEPT_MAX: usize = 4 * ADDED_USUAL;

thread_local! {
    #[allow(clippy::vec_box, reason = "the boxes are what is kept")]
    static SPARE: RefCell<Vec<Box<Fields>>> = const { RefCell::new(Vec::new()) };
}

/// The fields of a list, and what they lie in.
#[derive(Clone, Default)]
pub(super) struct Fields {
    pub(super) block: Bytes,
    pub(super) added: Vec<u8>,
    pub(super) fields: SmallVec<[Field; FIELDS_USUAL]>,
    /// How long the names are that were ever in it, a bit each.
    pub(super) lengths: u64,
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
    lengths: u64,
}

/// Returns the bit of a name; those that nobody asks for share one.
const fn length_bit(bytes: usize) -> u64 {
    1 << if bytes < 63 { bytes } else { 63 }
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
    const fn bytes(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Returns the bit of the length of a name.
    pub(super) const fn length_bit(self) -> u64 {
        length_bit(self.bytes())
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
    /// Returns an empty list.
    pub(super) fn room() -> Box<Self> {
        // There is no spare one any more when the thread ends.
        let spare = SPARE.try_with(|spare| spare.borrow_mut().pop());
        spare.ok().flatten().unwrap_or_default()
    }

    /// Leaves its room to another list.
    pub(super) fn give_back(mut list: Box<Self>) {
        if list.fields.spilled() || list.added.capacity() > ADDED_KEPT_MAX {
            return;
        }
        list.block = Bytes::new();
        list.added.clear();
        list.fields.clear();
        list.lengths = 0;
        list.unseen = false;
        let _kept = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < SPARE_MAX {
                spare.push(list);
            }
        });
    }

    #[inline]
    pub(super) fn view(&self) -> View<'_> {
        View {
            fields: &self.fields,
            block: &self.block,
            added: &self.added,
            lengths: self.lengths,
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
            self.lengths |= name.length_bit();
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

    /// Returns the fields that have this name.
    #[inline]
    pub(super) fn called<'n>(self, name: &'n [u8]) -> impl Iterator<Item = Field> + use<'a, 'n> {
        let fields = if self.may_have(name) { self.fields } else { &[] };
        // Most names differ in length.
        let is_called =
            move |field: &Field| field.name.bytes() == name.len() && is_name(self.of(field.name), name);
        fields.iter().copied().filter(is_called)
    }

    /// Tells whether a name is as long: of those that are asked for, most are not there.
    #[inline]
    pub(super) const fn may_have(self, name: &[u8]) -> bool {
        self.lengths & length_bit(name.len()) != 0
    }

    /// Returns where the line of a field stands, if it stands anywhere as it is written.
    #[inline]
    pub(super) fn line(self, Field { name, value }: Field) -> Option<Place> {
        if value.start != name.end + 2 {
            return None;
        }
        let (start, end) = (name.start, value.end + 2);
        if name.is_added() {
            // Nothing but a line has its value there.
            return Some(Place { start, end });
        }
        let behind_name = self.of(Place { start: name.end, end });
        matches!(behind_name, [b':', b' ', .., b'\r', b'\n']).then_some(Place { start, end })
    }
}
