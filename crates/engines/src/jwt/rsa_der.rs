//! `RSAPublicKey` in DER: RFC 8017 appendix A.1.1. Two INTEGERs in a SEQUENCE, no more than we need.

/// Returns the DER of a key whose numbers are big-endian without leading zeros.
pub(super) fn encode(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(modulus.len() + exponent.len() + 16);
    for number in [modulus, exponent] {
        let needs_zero = number.first().is_some_and(|byte| *byte >= 0x80);
        element(0x02, number.len() + usize::from(needs_zero), &mut body);
        if needs_zero {
            body.push(0);
        }
        body.extend_from_slice(number);
    }
    let mut der = Vec::with_capacity(body.len() + 4);
    element(0x30, body.len(), &mut der);
    der.extend_from_slice(&body);
    der
}

fn element(tag: u8, length: usize, out: &mut Vec<u8>) {
    out.push(tag);
    let bytes = length.to_be_bytes();
    let significant: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    if length >= 0x80 {
        out.push(0x80 | significant.len() as u8);
        out.extend_from_slice(&significant);
    } else {
        out.push(length as u8);
    }
}

/// Returns modulus and exponent of a key in DER, big-endian without leading zeros.
pub(super) fn decode(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (body, rest) = read(0x30, der)?;
    let (modulus, after) = read(0x02, body)?;
    let (exponent, end) = read(0x02, after)?;
    if !rest.is_empty() || !end.is_empty() {
        return None;
    }
    let plain = |number: &[u8]| number.iter().copied().skip_while(|byte| *byte == 0).collect();
    Some((plain(modulus), plain(exponent)))
}

fn read(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    if *found != tag {
        return None;
    }
    if *first < 0x80 {
        return rest.split_at_checked(usize::from(*first));
    }
    let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
    if length.len() > 4 {
        return None;
    }
    let length = length
        .iter()
        .fold(0usize, |length, byte| (length << 8) | usize::from(*byte));
    rest.split_at_checked(length)
}
