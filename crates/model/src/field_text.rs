//! The characters of header fields (RFC 9110 section 5).

/// Bytes of a word, looked at together.
const WORD_BYTES: usize = size_of::<u64>();
/// Bytes of a run that the compiler looks at together.
const RUN_BYTES: usize = 32;
/// A value is longer than most from here on: runs pay.
const LONG_BYTES: usize = 32;
const DELETE: u8 = 0x7f;

/// Tells whether `text` is a token, as names of header fields are (RFC 9110 section 5.6.2).
pub fn is_token(text: impl AsRef<[u8]>) -> bool {
    let text = text.as_ref();
    !text.is_empty() && token_length(text) == text.len()
}

/// Returns how many bytes at the front of `text` are characters of a token.
#[inline]
pub fn token_length(text: &[u8]) -> usize {
    let is_part = |byte: u8| TOKEN.get(usize::from(byte)) == Some(&true);
    let (fours, _) = text.as_chunks();
    let is_plain = |[a, b, c, d]: &&[u8; 4]| is_part(*a) & is_part(*b) & is_part(*c) & is_part(*d);
    let at = fours.iter().take_while(is_plain).count() * 4;
    let rest = text.get(at..).unwrap_or_default().iter();
    at + rest.take_while(|byte| is_part(**byte)).count()
}

/// Tells whether two names of fields are the same: they compare without case (RFC 9110 section 5.1).
#[inline]
pub fn is_name(name: &[u8], other: &[u8]) -> bool {
    // Most that are not the same begin with other letters.
    let begins = |text: &[u8]| text.first().map(|first| *first | 0x20);
    begins(name) == begins(other) && name.eq_ignore_ascii_case(other)
}

/// A name of a field that was looked at when the program was compiled.
#[derive(Clone, Copy, Debug)]
pub struct FieldName(&'static str);

impl FieldName {
    /// Returns the name, which must be a token: for constants, where one that is none does not compile.
    #[allow(
        clippy::indexing_slicing,
        clippy::panic,
        reason = "evaluated when compiled, where it cannot fail unseen"
    )]
    pub const fn new(name: &'static str) -> Self {
        let text = name.as_bytes();
        let mut at = 0;
        while at < text.len() {
            assert!(TOKEN[text[at] as usize], "a name of a field is a token");
            at += 1;
        }
        assert!(at > 0, "a name of a field is not empty");
        Self(name)
    }

    /// Returns the name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// Tells whether `value` can be the value of a field: no control character but the tab (RFC 9110 section 5.5).
pub fn is_field_value(value: &[u8]) -> bool {
    value_length(value) == value.len()
}

/// Returns how many bytes at the front of `text` can be of the value of a field: up to the first control character that is no
/// tab, as the end of its line is one.
#[inline]
pub fn value_length(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(word) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*word);
        let Some(found) = first(below(word, b' ') | equal(word, DELETE)) else {
            at += WORD_BYTES;
            if at >= LONG_BYTES {
                at += runs_length(text.get(at..).unwrap_or_default());
            }
            continue;
        };
        at += found;
        if text.get(at) != Some(&b'\t') {
            return at;
        }
        at += 1;
    }
    let rest = text.get(at..).unwrap_or_default();
    let is_control = |byte: &u8| (*byte < b' ' && *byte != b'\t') || *byte == DELETE;
    at + rest.iter().position(is_control).unwrap_or(rest.len())
}

/// Tells whether `target` holds what would end it or cut it: a control character, a space, a `#` (RFC 9112 section 3.2).
#[inline]
pub fn is_cut_target(target: &[u8]) -> bool {
    let (words, rest) = target.as_chunks();
    let found = words.iter().fold(0, |found, word| {
        let word = u64::from_le_bytes(*word);
        found | below(word, b' ' + 1) | equal(word, DELETE) | equal(word, b'#')
    });
    let cuts = |byte: &u8| *byte <= b' ' || *byte == DELETE || *byte == b'#';
    found != 0 || rest.iter().any(cuts)
}

const ONES: u64 = u64::MAX / 0xff;
const HIGH: u64 = ONES << 7;

/// Marks the bytes of `word` that are below `bound`, which is ASCII. A borrow may mark more above the first: that one is true.
#[inline]
fn below(word: u64, bound: u8) -> u64 {
    word.wrapping_sub(ONES * u64::from(bound)) & !word & HIGH
}

/// Marks the bytes of `word` that are `byte`, the first of them truly, as [`below`] does.
#[inline]
fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (ONES * u64::from(byte)), 1)
}

/// Returns the place of the first mark.
#[inline]
fn first(marks: u64) -> Option<usize> {
    (marks != 0).then(|| marks.trailing_zeros() as usize / WORD_BYTES)
}

/// Returns the length of the runs at the front of `text` in which there is no control character at all. A token of a user is a
/// thousand bytes: all of a run are looked at, without a branch for each, so that the compiler takes many at once, which it does not
/// where this is a part of something longer.
#[inline(never)]
fn runs_length(text: &[u8]) -> usize {
    let (runs, _) = text.as_chunks::<RUN_BYTES>();
    let is_control = |found, byte: &u8| found | (*byte < b' ') | (*byte == DELETE);
    let plain = runs.iter().take_while(|run| !run.iter().fold(false, is_control));
    plain.count() * RUN_BYTES
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks at texts of up to `longest` bytes with every byte at every place.
    fn with_every_byte(longest: usize, fill: u8, check: impl Fn(&[u8], u8, usize)) {
        for length in 1..=longest {
            for byte in 0..=u8::MAX {
                for place in 0..length {
                    let mut text = vec![fill; length];
                    text[place] = byte;
                    check(&text, byte, place);
                }
            }
        }
    }

    #[test]
    fn value_ends_at_the_first_control_character_wherever_it_stands() {
        with_every_byte(100, b'a', |text, byte, place| {
            let is_control = (byte < 0x20 && byte != b'\t') || byte == 0x7f;
            let expected = if is_control { place } else { text.len() };
            assert_eq!(
                value_length(text),
                expected,
                "{byte} at {place} of {}",
                text.len()
            );
        });
    }

    #[test]
    fn value_may_hold_tabs_and_what_is_not_ascii() {
        for text in ["\t", "\ta\tb\t\tc\td", "ü\tñ", "\u{80}\u{ff}"] {
            assert!(is_field_value(text.as_bytes()), "{text:?}");
            let long = text.repeat(40);
            assert!(is_field_value(long.as_bytes()), "{long:?}");
            assert_eq!(value_length(format!("{long}\r\n").as_bytes()), long.len());
        }
        assert_eq!(value_length(b"\t\r\t"), 1);
        assert_eq!(value_length(b"\r\x7f\0"), 0);
    }

    #[test]
    fn target_is_cut_by_one_byte_wherever_it_stands() {
        with_every_byte(20, b'/', |text, byte, place| {
            let cuts = byte <= b' ' || byte == 0x7f || byte == b'#';
            assert_eq!(is_cut_target(text), cuts, "{byte} at {place} of {}", text.len());
        });
        assert!(!is_cut_target(b""));
    }

    #[test]
    fn names_compare_without_case() {
        for (name, is_it) in [
            ("host", true),
            ("Host", true),
            ("hOST", true),
            ("Hosts", false),
            ("post", false),
            ("hose", false),
            ("\u{8}ost", false),
            ("", false),
        ] {
            assert_eq!(is_name(name.as_bytes(), b"host"), is_it, "{name:?}");
        }
        assert!(is_name(b"", b""));
    }

    #[test]
    fn token_ends_where_a_name_does() {
        for (text, length) in [
            ("", 0),
            ("a: b", 1),
            ("X-a_b.c~", 8),
            ("a b", 1),
            ("é", 0),
            ("a\u{e9}", 1),
        ] {
            assert_eq!(token_length(text.as_bytes()), length, "{text}");
            assert_eq!(is_token(text), length > 0 && length == text.len(), "{text}");
        }
        for length in 0..20 {
            let name = "x-".repeat(length);
            assert_eq!(token_length(format!("{name}: 1").as_bytes()), name.len());
            assert_eq!(token_length(name.as_bytes()), name.len());
        }
    }
}
