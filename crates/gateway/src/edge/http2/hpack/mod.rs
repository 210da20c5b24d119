//! HPACK (RFC 7541): how HTTP/2 writes the fields of heads.

mod decoder;
mod encoder;
mod huffman;
mod kind;
mod table;
#[cfg(test)]
mod tests;

pub(super) use self::{decoder::Decoder, encoder::Encoder, kind::Kind};

/// Bytes that either side may keep of fields said before (RFC 9113 section 6.5.2: what holds when nothing else is said).
pub(super) const TABLE_BYTES_MAX: usize = 4_096;
/// What a field is counted with besides its bytes (section 4.1).
const ENTRY_BYTES: usize = 32;

/// A block cannot be decoded; nothing that follows it on its connection could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Undecodable;

/// A field of a block, as the line that it is in HTTP/1.1: `name: value` and CRLF.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'b> {
    pub(super) kind: Kind,
    pub(super) line: &'b [u8],
    pub(super) name_bytes: usize,
}

impl<'b> Field<'b> {
    /// What stands between a name and its value, and behind a value.
    const COLON: &'static [u8] = b": ";
    const END: &'static [u8] = b"\r\n";

    /// Returns the name, with the colon of a pseudo-field.
    pub(super) fn name(&self) -> &'b [u8] {
        self.line.get(..self.name_bytes).unwrap_or_default()
    }

    /// Returns the value.
    pub(super) fn value(&self) -> &'b [u8] {
        let (start, end) = (
            self.name_bytes + Self::COLON.len(),
            self.line.len() - Self::END.len(),
        );
        self.line.get(start..end).unwrap_or_default()
    }

    /// Returns what a table counts.
    const fn bytes(&self) -> usize {
        self.line.len() - Self::COLON.len() - Self::END.len() + ENTRY_BYTES
    }
}
