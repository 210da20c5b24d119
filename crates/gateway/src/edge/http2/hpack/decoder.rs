//! Reads blocks of fields (RFC 7541 sections 3 and 6).

use super::{Field, Kind, TABLE_BYTES_MAX, Undecodable, huffman, table::Table};

/// Bytes of a number behind its first: what takes more is no length that anybody sends.
const NUMBER_BYTES_MAX: u32 = 4;
/// A line that was longer is not kept room for.
const KEPT_BYTES_MAX: usize = 4 * 1024;

/// Reads what one connection's client says.
#[derive(Debug)]
pub(in super::super) struct Decoder {
    table: Table,
    /// The line of a field that is said for the first time.
    line: Vec<u8>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            table: Table::new(TABLE_BYTES_MAX),
            line: Vec::new(),
        }
    }
}

impl Decoder {
    /// Hands each field of `block` to `each`, whatever it is worth: the table must be kept even for a head that nobody wants.
    pub(in super::super) fn decode(
        &mut self,
        block: &[u8],
        mut each: impl FnMut(Field<'_>),
    ) -> Result<(), Undecodable> {
        let mut input = Input(block);
        let mut began = false;
        while let Some(first) = input.0.first().copied() {
            match first {
                0x80.. => {
                    let index = input.number(7)?;
                    each(self.table.get(index).ok_or(Undecodable)?);
                }
                0x40.. => {
                    let field = literal(&self.table, &mut input, 6, &mut self.line)?;
                    each(field);
                    self.table.add(field);
                }
                0x20.. => {
                    let bytes = input.number(5)?;
                    if began || bytes > TABLE_BYTES_MAX {
                        return Err(Undecodable);
                    }
                    self.table.resize(bytes);
                    continue;
                }
                _ => each(literal(&self.table, &mut input, 4, &mut self.line)?),
            }
            began = true;
        }
        if self.line.capacity() > KEPT_BYTES_MAX {
            self.line = Vec::new();
        }
        Ok(())
    }
}

/// Reads a field that is not in the table as a whole, the number of whose name has so many bits.
fn literal<'l>(
    table: &Table,
    input: &mut Input<'_>,
    bits: u32,
    line: &'l mut Vec<u8>,
) -> Result<Field<'l>, Undecodable> {
    line.clear();
    let kind = match input.number(bits)? {
        0 => {
            input.text(line)?;
            Kind::of_name(line)
        }
        index => {
            let named = table.get(index).ok_or(Undecodable)?;
            line.extend_from_slice(named.name());
            match named.kind {
                // Its value may be what was wrong.
                Kind::Malformed | Kind::Other => Kind::of_name(line),
                kind => kind,
            }
        }
    };
    let name_bytes = line.len();
    line.extend_from_slice(Field::COLON);
    let value_start = line.len();
    input.text(line)?;
    let kind = kind.with(line.get(value_start..).unwrap_or_default());
    line.extend_from_slice(Field::END);
    Ok(Field {
        kind,
        line,
        name_bytes,
    })
}

/// What is left of a block.
struct Input<'b>(&'b [u8]);

impl Input<'_> {
    fn byte(&mut self) -> Result<u8, Undecodable> {
        let (byte, rest) = self.0.split_first().ok_or(Undecodable)?;
        self.0 = rest;
        Ok(*byte)
    }

    /// Reads a number that begins in the lowest `bits` of the next byte (section 5.1).
    fn number(&mut self, bits: u32) -> Result<usize, Undecodable> {
        let full = (1_usize << bits) - 1;
        let mut number = usize::from(self.byte()?) & full;
        if number < full {
            return Ok(number);
        }
        for place in 0..NUMBER_BYTES_MAX {
            let byte = usize::from(self.byte()?);
            number += (byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Undecodable)
    }

    /// Appends a text (section 5.2).
    fn text(&mut self, out: &mut Vec<u8>) -> Result<(), Undecodable> {
        let is_coded = self.0.first().is_some_and(|first| *first >= 0x80);
        let length = self.number(7)?;
        let (text, rest) = self.0.split_at_checked(length).ok_or(Undecodable)?;
        self.0 = rest;
        if is_coded {
            return huffman::decode(text, out);
        }
        out.extend_from_slice(text);
        Ok(())
    }
}
