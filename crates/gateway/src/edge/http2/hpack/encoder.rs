//! Writes the fields of answers (RFC 7541 section 6): what was said before as a number, everything else as it is. Texts are not
//! coded: it would take more time than their few bytes are worth.

use std::collections::VecDeque;

use portcullis_model::is_name;

use super::{
    ENTRY_BYTES, TABLE_BYTES_MAX,
    table::{STATIC_LAST, fixed_name},
};

/// Fields that are remembered as having been said once.
const SEEN: usize = 64;
/// The name of what nobody on the way may keep (section 7.1.3): in a table it could be guessed byte by byte.
const SECRET: &[u8] = b"set-cookie";

/// Writes what one connection's client reads.
///
/// A field enters the table when nothing of its name is there, or when it is said a second time: so what is another in each
/// answer takes no room from what is not.
#[derive(Debug)]
pub(in super::super) struct Encoder {
    entries: VecDeque<Entry>,
    bytes: usize,
    bytes_max: usize,
    /// What the client must be told of the table's size, the smallest since it was told (section 4.2).
    shrunk_to: Option<usize>,
    seen: [u32; SEEN],
}

#[derive(Debug)]
struct Entry {
    name_hash: u32,
    hash: u32,
    name: Box<[u8]>,
    value: Box<[u8]>,
}

impl Entry {
    fn bytes(&self) -> usize {
        self.name.len() + self.value.len() + ENTRY_BYTES
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            bytes: 0,
            bytes_max: TABLE_BYTES_MAX,
            shrunk_to: None,
            seen: [0; SEEN],
        }
    }
}

impl Encoder {
    /// Keeps to what the client allows.
    pub(in super::super) fn resize(&mut self, allowed: usize) {
        let bytes_max = allowed.min(TABLE_BYTES_MAX);
        if bytes_max != self.bytes_max {
            self.shrunk_to = Some(self.shrunk_to.unwrap_or(bytes_max).min(bytes_max));
            self.bytes_max = bytes_max;
            self.shrink(bytes_max);
        }
    }

    /// Begins a head with its status.
    pub(in super::super) fn begin(&mut self, out: &mut Vec<u8>, status: u16) {
        if let Some(smallest) = self.shrunk_to.take() {
            number(out, 0x20, 5, smallest);
            if smallest != self.bytes_max {
                number(out, 0x20, 5, self.bytes_max);
            }
        }
        let fixed = match status {
            200 => 8,
            204 => 9,
            206 => 10,
            304 => 11,
            400 => 12,
            404 => 13,
            500 => 14,
            _ => {
                number(out, 0, 4, 8);
                return text(out, itoa::Buffer::new().format(status).as_bytes());
            }
        };
        number(out, 0x80, 7, fixed);
    }

    /// Appends a field, its name in lower case.
    pub(in super::super) fn field(&mut self, out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
        if is_name(name, SECRET) {
            return self.literal(out, 0x10, 4, fixed_name(name), name, value);
        }
        let name_hash = hash(0, name, u64::from_le_bytes([b' '; 8]));
        let hash = hash(name_hash, value, 0);
        let (name_hash, hash) = (short(name_hash), short(hash));
        let mut named = None;
        for (place, entry) in self.entries.iter().enumerate() {
            // Who says a field again writes its name the same way, as a rule.
            if entry.name_hash != name_hash || !(*entry.name == *name || is_name(&entry.name, name)) {
                continue;
            }
            named = Some(place + STATIC_LAST + 1);
            if entry.hash == hash && *entry.value == *value {
                return number(out, 0x80, 7, place + STATIC_LAST + 1);
            }
        }
        let name_index = named.or_else(|| fixed_name(name));
        let seen = self.seen.get_mut(hash as usize % SEEN);
        let is_seen = seen.is_some_and(|seen| std::mem::replace(seen, hash) == hash);
        let bytes = name.len() + value.len() + ENTRY_BYTES;
        if bytes > self.bytes_max / 4 || !(is_seen || name_index.is_none()) {
            return self.literal(out, 0, 4, name_index, name, value);
        }
        self.literal(out, 0x40, 6, name_index, name, value);
        self.shrink(self.bytes_max - bytes);
        self.bytes += bytes;
        self.entries.push_front(Entry {
            name_hash,
            hash,
            name: name.into(),
            value: value.into(),
        });
    }

    /// Appends a field as it is, by the number of its name if that has one.
    fn literal(
        &self,
        out: &mut Vec<u8>,
        form: u8,
        bits: u32,
        name_index: Option<usize>,
        name: &[u8],
        value: &[u8],
    ) {
        number(out, form, bits, name_index.unwrap_or(0));
        if name_index.is_none() {
            text(out, name);
            let start = out.len() - name.len();
            out.get_mut(start..).unwrap_or_default().make_ascii_lowercase();
        }
        text(out, value);
    }

    fn shrink(&mut self, bytes: usize) {
        while self.bytes > bytes
            && let Some(oldest) = self.entries.pop_back()
        {
            self.bytes -= oldest.bytes();
        }
    }
}

/// Appends a number whose first `bits` bits stand in a byte with `form` (section 5.1).
fn number(out: &mut Vec<u8>, form: u8, bits: u32, number: usize) {
    let full = (1_usize << bits) - 1;
    let low = |number: usize| u8::try_from(number & 0xff).unwrap_or_default();
    if number < full {
        return out.push(form | low(number));
    }
    out.push(form | low(full));
    let mut rest = number - full;
    while rest >= 0x80 {
        out.push(low(rest & 0x7f) | 0x80);
        rest >>= 7;
    }
    out.push(low(rest));
}

fn text(out: &mut Vec<u8>, text: &[u8]) {
    number(out, 0, 7, text.len());
    out.extend_from_slice(text);
}

/// Goes on from `hash` with `text`, each byte with the bits of `case`. Only to find what is then compared.
fn hash(hash: u64, text: &[u8], case: u64) -> u64 {
    let mix = |hash: u64, word: u64| {
        (hash ^ (word | case))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29)
    };
    let (words, rest) = text.as_chunks();
    let hash = words.iter().fold(hash ^ text.len() as u64, |hash, word| {
        mix(hash, u64::from_le_bytes(*word))
    });
    let rest = rest.iter().fold(0, |rest, byte| rest << 8 | u64::from(*byte));
    mix(hash, rest)
}

/// Never 0, which stands for nothing.
fn short(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or_default() | 1
}
