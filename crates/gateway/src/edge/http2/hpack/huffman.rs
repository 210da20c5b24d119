//! The code of literals (RFC 7541 section 5.2).

use super::Undecodable;

/// Bits of the code of each byte, and of the end (appendix B). The code is canonical: shorter ones first, and those of a length in the
/// order of what they stand for, so that these numbers say all of it.
const BITS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28,
    28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6,
    6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7,
    8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7,
    15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24,
    23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23,
    23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26,
    26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20,
    21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27,
    27, 27, 26, 30,
];
const LONGEST: usize = 30;
/// What no byte stands for.
const END: u16 = 256;
/// Codes of up to so many bits are looked up at once: those of all characters that are usual.
const QUICK_BITS: u32 = 8;

/// The code, worked out when the program was compiled.
struct Code {
    /// What a code that begins with these eight bits stands for, and its length; 0 where it is longer.
    quick: [(u8, u8); 1 << QUICK_BITS],
    /// What the codes stand for, in their order.
    symbols: [u16; 257],
    /// Of each length: the first code, how many there are, and how many are shorter.
    first: [u32; LONGEST + 1],
    count: [u32; LONGEST + 1],
    before: [u32; LONGEST + 1],
}

static CODE: Code = code();

#[allow(
    clippy::indexing_slicing,
    reason = "evaluated when compiled, where it cannot fail unseen"
)]
const fn code() -> Code {
    let mut code = Code {
        quick: [(0, 0); 1 << QUICK_BITS],
        symbols: [0; 257],
        first: [0; LONGEST + 1],
        count: [0; LONGEST + 1],
        before: [0; LONGEST + 1],
    };
    let (mut next, mut length, mut placed) = (0_u32, 1, 0);
    while length <= LONGEST {
        next <<= 1;
        code.first[length] = next;
        code.before[length] = placed;
        let mut symbol: u16 = 0;
        while symbol <= END {
            if BITS[symbol as usize] as usize == length {
                if length <= QUICK_BITS as usize {
                    let free = QUICK_BITS as usize - length;
                    let mut rest = 0;
                    while rest < 1 << free {
                        code.quick[((next as usize) << free) + rest] = (symbol as u8, length as u8);
                        rest += 1;
                    }
                }
                code.symbols[placed as usize] = symbol;
                code.count[length] += 1;
                placed += 1;
                next += 1;
            }
            symbol += 1;
        }
        length += 1;
    }
    code
}

/// Appends what `coded` says to `out`. What is left over at its end are less than eight bits, all of them ones.
pub(super) fn decode(mut coded: &[u8], out: &mut Vec<u8>) -> Result<(), Undecodable> {
    // The next bits stand at the top.
    let (mut bits, mut held) = (0_u64, 0_u32);
    loop {
        if held < LONGEST as u32 {
            while held <= u64::BITS - 8
                && let Some((byte, rest)) = coded.split_first()
            {
                bits |= u64::from(*byte) << (u64::BITS - 8 - held);
                held += 8;
                coded = rest;
            }
        }
        let top = usize::try_from(bits >> (u64::BITS - QUICK_BITS)).unwrap_or_default();
        let (byte, length) = match CODE.quick.get(top) {
            Some((byte, length)) if *length > 0 => (*byte, u32::from(*length)),
            _ => match long(bits) {
                Some(found) => found,
                None => return end(bits, held),
            },
        };
        if length > held {
            return end(bits, held);
        }
        out.push(byte);
        bits <<= length;
        held -= length;
    }
}

/// Returns the byte whose code stands at the top of `bits`, one that is not looked up at once, and the length of that code.
fn long(bits: u64) -> Option<(u8, u32)> {
    let of_length = |length: usize| {
        let top = u32::try_from(bits >> (u64::BITS as usize - length)).ok()?;
        let at = top.checked_sub(*CODE.first.get(length)?)?;
        (at < *CODE.count.get(length)?).then_some(at + CODE.before.get(length)?)
    };
    let (place, length) =
        (QUICK_BITS as usize + 1..=LONGEST).find_map(|length| Some((of_length(length)?, length as u32)))?;
    let symbol = *CODE.symbols.get(place as usize)?;
    // The end is no part of a text.
    Some((u8::try_from(symbol).ok()?, length))
}

fn end(bits: u64, held: u32) -> Result<(), Undecodable> {
    let are_ones = bits.leading_ones() >= held;
    if held < 8 && are_ones {
        Ok(())
    } else {
        Err(Undecodable)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns `text` in the code.
    pub(in super::super) fn coded(text: &[u8]) -> Vec<u8> {
        let mut bits = Vec::new();
        for byte in text {
            let place = CODE
                .symbols
                .iter()
                .position(|symbol| *symbol == u16::from(*byte))
                .unwrap();
            let length = usize::from(BITS[usize::from(*byte)]);
            let code = CODE.first[length] + place as u32 - CODE.before[length];
            bits.extend((0..length).rev().map(|bit| code >> bit & 1 == 1));
        }
        while bits.len() % 8 > 0 {
            bits.push(true);
        }
        let byte = |bits: &[bool]| bits.iter().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        bits.chunks(8).map(byte).collect()
    }

    fn decoded(coded: &[u8]) -> Result<Vec<u8>, Undecodable> {
        let mut out = Vec::new();
        decode(coded, &mut out).map(|()| out)
    }

    #[test]
    fn texts_of_the_rfc_are_read() {
        // Appendices C.4 and C.6.
        for (coded, text) in [
            (
                &b"\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"[..],
                "www.example.com",
            ),
            (b"\xa8\xeb\x10\x64\x9c\xbf", "no-cache"),
            (b"\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f", "custom-key"),
            (b"\x64\x02", "302"),
            (b"", ""),
        ] {
            assert_eq!(decoded(coded).unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn every_byte_is_read_wherever_it_stands() {
        let all: Vec<u8> = (0..=u8::MAX).collect();
        for from in 0..all.len() {
            let text = &all[from..];
            assert_eq!(decoded(&coded(text)).unwrap(), text);
            let alone = [all[from]; 9];
            for length in 1..=alone.len() {
                assert_eq!(decoded(&coded(&alone[..length])).unwrap(), &alone[..length]);
            }
        }
    }

    #[test]
    fn what_is_left_over_must_be_short_and_all_ones() {
        for broken in [
            // Eight ones, a zero among them, the end, half a code.
            &b"\xff"[..],
            b"\x1f\xff",
            b"\x00",
            b"\x1e",
            b"\xff\xff\xff\xff",
            b"\xff\xff\xff\xfc",
            b"\xff\xe0",
        ] {
            assert_eq!(decoded(broken), Err(Undecodable), "{}", broken.escape_ascii());
        }
    }
}
