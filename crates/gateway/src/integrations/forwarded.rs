//! The way by which a request came, as backends are told: `X-Forwarded-For`, `-Port` and `-Proto`.

use std::net::IpAddr;

use portcullis_model::{FieldName, HeaderList};

use crate::http::Request;

const FORWARDED_FOR: FieldName = FieldName::new("X-Forwarded-For");
const FORWARDED_PORT: FieldName = FieldName::new("X-Forwarded-Port");
const FORWARDED_PROTO: FieldName = FieldName::new("X-Forwarded-Proto");
/// The caller's `X-Forwarded-For` that is passed on at most, in bytes.
const FORWARDED_FOR_BYTES_MAX: usize = 2_048;

/// Adds all of them.
pub(super) fn push_all(headers: &mut HeaderList, request: &Request) {
    let https = request.peer.tls.is_some();
    let (port, scheme) = (
        forwarded_port(request, https),
        if https { "https" } else { "http" },
    );
    headers.push_own(FORWARDED_FOR, |value| push_forwarded_for(value, request));
    headers.push_own(FORWARDED_PORT, |value| value.extend_from_slice(port.as_bytes()));
    headers.push_own(FORWARDED_PROTO, |value| {
        value.extend_from_slice(scheme.as_bytes())
    });
}

/// Who spoke to us after what the caller claims, as AWS appends it: the source, or the proxy of ours that named the source. Only
/// the last entry is ours to vouch for.
pub(crate) fn forwarded_for(request: &Request) -> Vec<u8> {
    let mut list = Vec::new();
    push_forwarded_for(&mut list, request);
    list
}

/// Appends [`forwarded_for`].
fn push_forwarded_for(list: &mut Vec<u8>, request: &Request) {
    let start = list.len();
    for value in request.headers.all("x-forwarded-for") {
        list.extend_from_slice(value);
        list.extend_from_slice(b", ");
    }
    if list.len() - start > FORWARDED_FOR_BYTES_MAX {
        list.truncate(start);
    }
    let source = request.proxy.unwrap_or_else(|| request.peer.address.ip());
    push_address(list, source.to_canonical());
}

fn push_address(list: &mut Vec<u8>, address: IpAddr) {
    let IpAddr::V4(address) = address else {
        list.extend_from_slice(address.to_string().as_bytes());
        return;
    };
    for octet in address.octets() {
        if let Some((text, length)) = OCTETS.get(usize::from(octet)) {
            // All four bytes at once, and those too many off again.
            let start = list.len();
            list.extend_from_slice(text);
            list.truncate(start + length);
        }
    }
    // The last dot.
    list.pop();
}

/// The digits of each octet and a dot, and how many bytes those are.
static OCTETS: [([u8; 4], usize); 256] = octets();

#[allow(
    clippy::indexing_slicing,
    reason = "evaluated when compiled, where it cannot fail unseen"
)]
const fn octets() -> [([u8; 4], usize); 256] {
    let mut table = [([b'.'; 4], 0); 256];
    let mut octet = 0;
    while octet < 256 {
        let digits = [octet / 100, octet / 10 % 10, octet % 10];
        let mut place = if octet >= 100 {
            0
        } else if octet >= 10 {
            1
        } else {
            2
        };
        let (text, length) = &mut table[octet];
        while place < 3 {
            text[*length] = b'0' + digits[place] as u8;
            *length += 1;
            place += 1;
        }
        *length += 1;
        octet += 1;
    }
    table
}

pub(super) fn forwarded_port(request: &Request, https: bool) -> &str {
    // From its end: most hosts end in a letter, and name no port.
    let authority = &*request.authority;
    let digits = authority.bytes().rev().take_while(u8::is_ascii_digit).count();
    let port = authority.split_at_checked(authority.len() - digits);
    match port {
        Some((host, port)) if digits > 0 && host.ends_with(':') => port,
        _ if https => "443",
        _ => "80",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_everywhere() {
        for octet in 0..=u8::MAX {
            let address = IpAddr::from([octet, 0, 255 - octet, octet]);
            let mut text = b"x, ".to_vec();
            push_address(&mut text, address);
            assert_eq!(String::from_utf8(text).unwrap(), format!("x, {address}"));
        }
        let mut text = Vec::new();
        push_address(&mut text, "2001:db8::1".parse().unwrap());
        assert_eq!(text, b"2001:db8::1");
    }
}
