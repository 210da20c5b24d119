//! Ids of requests: unique, not secret, and cheap. One generator per worker thread, seeded with the system's randomness.

use std::cell::Cell;

use portcullis_model::{Entropy, FieldName, HeaderList};

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// The two digits of each byte.
static DIGITS: [[u8; 2]; 256] = digits();
const REQUEST_ID: FieldName = FieldName::new("x-amzn-RequestId");
const EXTENDED_ID: FieldName = FieldName::new("x-amz-apigw-id");
const UUID_BYTES: usize = 36;
/// Fifteen symbols and a `=`, as AWS's extended ids look.
const EXTENDED_BYTES: usize = 16;

/// Makes ids: xoshiro256++, which passes statistical tests but can be predicted, so nothing may rest on these being
/// secret.
pub(crate) struct RequestIds(Cell<[u64; 4]>);

impl RequestIds {
    pub(crate) fn seeded(entropy: &dyn Entropy) -> Self {
        let mut state = [0u64; 4];
        for word in &mut state {
            let mut bytes = [0u8; 8];
            entropy.fill(&mut bytes);
            *word = u64::from_le_bytes(bytes);
        }
        // An all-zero state would stay zero for ever.
        state[0] |= 1;
        Self(Cell::new(state))
    }

    /// Returns the next version 4 UUID (RFC 9562 section 5.4) as a number.
    pub(crate) fn next_uuid(&self) -> u128 {
        let value = (u128::from(self.next_word()) << 64) | u128::from(self.next_word());
        (value & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62)
    }

    fn next_word(&self) -> u64 {
        let [mut a, mut b, mut c, mut d] = self.0.get();
        let word = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let shifted = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= shifted;
        d = d.rotate_left(45);
        self.0.set([a, b, c, d]);
        word
    }
}

/// Returns the request id and the extended id of `value`, as headers carry them.
pub(crate) fn header_values(value: u128) -> ([u8; UUID_BYTES], [u8; EXTENDED_BYTES]) {
    // The extended id is the same number mixed, so that one id finds the other: its upper bits, six a symbol.
    let mixed = value.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let (upper, lower) = ((mixed >> 64) as u64, (mixed >> 4) as u64);
    let symbol = |bits: u64, place: usize| {
        let index = (bits << (6 * place)) >> 58;
        BASE64.get(index as usize).copied().unwrap_or(b'A')
    };
    let extended = std::array::from_fn(|place| match place {
        0..10 => symbol(upper, place),
        10..15 => symbol(lower, place - 10),
        _ => b'=',
    });
    (uuid_bytes(value), extended)
}

/// Adds both ids of `value`, as answers of a REST API carry them.
pub(crate) fn push_both(headers: &mut HeaderList, value: u128) {
    let (request_id, extended_id) = header_values(value);
    headers.push_own(REQUEST_ID, |value| value.extend_from_slice(&request_id));
    headers.push_own(EXTENDED_ID, |value| value.extend_from_slice(&extended_id));
}

/// Returns `value` as a UUID's text.
pub(crate) fn uuid_text(value: u128) -> String {
    String::from_utf8_lossy(&uuid_bytes(value)).into_owned()
}

fn uuid_bytes(value: u128) -> [u8; UUID_BYTES] {
    const PLACES: [usize; size_of::<u128>()] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
    let mut text = [b'-'; UUID_BYTES];
    for (place, byte) in PLACES.into_iter().zip(value.to_be_bytes()) {
        if let Some(digits) = text.get_mut(place..place + 2) {
            digits.copy_from_slice(DIGITS.get(usize::from(byte)).unwrap_or(b"00"));
        }
    }
    text
}

#[allow(
    clippy::indexing_slicing,
    reason = "evaluated when compiled, where it cannot fail unseen"
)]
const fn digits() -> [[u8; 2]; 256] {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = [HEX[byte >> 4], HEX[byte & 0xf]];
        byte += 1;
    }
    table
}

/// Parses a UUID's text.
pub(crate) fn parse_uuid(text: &str) -> Option<u128> {
    if text.len() != UUID_BYTES {
        return None;
    }
    let mut value = 0u128;
    for (index, byte) in text.bytes().enumerate() {
        if matches!(index, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
        } else {
            value = (value << 4) | u128::from(char::from(byte).to_digit(16)?);
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use portcullis_model::SystemEntropy;

    use super::*;

    #[test]
    fn ids_are_version_four_uuids_and_differ() {
        let ids = RequestIds::seeded(&SystemEntropy);
        let (first, second) = (ids.next_uuid(), ids.next_uuid());
        assert_ne!(first, second);
        let text = uuid_text(first);
        assert_eq!(text.as_bytes()[14], b'4');
        assert!(matches!(text.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
        assert_eq!(parse_uuid(&text), Some(first));
    }

    #[test]
    fn extended_id_ends_with_an_equals_sign() {
        let (uuid, extended) = header_values(RequestIds::seeded(&SystemEntropy).next_uuid());
        assert_eq!(uuid.len(), 36);
        assert_eq!(extended.len(), 16);
        assert!(extended.ends_with(b"="));
    }

    #[test]
    fn both_ids_are_fields_behind_what_was_there() {
        let mut headers = HeaderList::new();
        headers.push("a", "b");
        let id = 0x0123_4567_89ab_4def_8123_4567_89ab_cdef;
        push_both(&mut headers, id);
        let (uuid, extended) = header_values(id);
        let expected: [(&[u8], &[u8]); 3] = [
            (b"a", b"b"),
            (b"x-amzn-RequestId", &uuid),
            (b"x-amz-apigw-id", &extended),
        ];
        assert!(headers.iter().eq(expected));
    }

    #[test]
    fn ids_of_a_number_stay_what_they_were() {
        let (uuid, extended) = header_values(0x0123_4567_89ab_4def_8123_4567_89ab_cdef);
        assert_eq!(&uuid, b"01234567-89ab-4def-8123-456789abcdef");
        let mut mixed = 0x0123_4567_89ab_4def_8123_4567_89ab_cdef_u128
            .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        for symbol in &extended[..15] {
            assert_eq!(*symbol, BASE64[usize::try_from(mixed >> 122).unwrap()]);
            mixed <<= 6;
        }
    }

    #[test]
    fn text_that_is_no_uuid_is_not_parsed() {
        assert_eq!(parse_uuid("x"), None);
        assert_eq!(parse_uuid("00000000-0000-0000-0000-00000000000g"), None);
        assert_eq!(parse_uuid("00000000000000000000000000000000-000"), None);
    }
}
