//! Query strings: finding, decoding and encoding parameters. `+` is a space (application/x-www-form-urlencoded).

use std::borrow::Cow;

/// Returns each parameter of `query` as it came: name and value, still encoded.
pub(crate) fn parameters(query: &[u8]) -> impl DoubleEndedIterator<Item = (&[u8], &[u8])> {
    query
        .split(|byte| *byte == b'&')
        .filter(|part| !part.is_empty())
        .map(|part| match memchr::memchr(b'=', part) {
            Some(at) => (
                part.get(..at).unwrap_or_default(),
                part.get(at + 1..).unwrap_or_default(),
            ),
            None => (part, [].as_slice()),
        })
}

/// Returns the values of the parameter `name`, decoded, in order.
pub(crate) fn values<'a>(
    query: &'a [u8],
    name: &'a str,
) -> impl DoubleEndedIterator<Item = Cow<'a, [u8]>> + 'a {
    parameters(query)
        .filter(move |(found, _)| *decode(found, true) == *name.as_bytes())
        .map(|(_, value)| decode(value, true))
}

/// Decodes percent-encoding; a malformed triplet stays as it is.
pub(crate) fn decode(text: &[u8], plus_is_space: bool) -> Cow<'_, [u8]> {
    if !text
        .iter()
        .any(|byte| *byte == b'%' || (plus_is_space && *byte == b'+'))
    {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    decoded.push(high << 4 | low);
                    rest = after;
                }
                _ => decoded.push(b'%'),
            },
            (b'+', _) if plus_is_space => decoded.push(b' '),
            (other, _) => decoded.push(*other),
        }
    }
    Cow::Owned(decoded)
}

/// Appends `text` with everything but RFC 3986's unreserved characters encoded.
pub(crate) fn encode_onto(target: &mut Vec<u8>, text: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let symbol = |value: u8| HEX.get(usize::from(value)).copied().unwrap_or(b'0');
    for byte in text {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            target.push(*byte);
        } else {
            target.extend_from_slice(&[b'%', symbol(byte >> 4), symbol(byte & 0xf)]);
        }
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_in_order() {
        let found: Vec<_> = values(b"a=1&b=x+y%2F&a=%zz&c", "a").collect();
        assert_eq!(found, [b"1".as_slice(), b"%zz"]);
        assert_eq!(values(b"b=x+y%2F", "b").next().unwrap(), b"x y/".as_slice());
        assert_eq!(values(b"c&%61=9", "a").next().unwrap(), b"9".as_slice());
        assert_eq!(values(b"", "a").next(), None);
    }

    #[test]
    fn decode_undoes_encode() {
        let all: Vec<u8> = (0..=255).collect();
        let mut encoded = Vec::new();
        encode_onto(&mut encoded, &all);
        assert_eq!(decode(&encoded, true), all);
        assert_eq!(decode(&encoded, false), all);
    }
}
