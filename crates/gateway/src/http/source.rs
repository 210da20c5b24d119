//! Where a request really comes from, when proxies of the operator's stand before us: said by their PROXY protocol, or by a
//! field that they write. Whoever is not one of them is not believed.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use portcullis_egress::AddressRange;

use super::{Request, TlsFacts};

/// How the operator's proxies say whom they speak for. One of them: what a proxy does not write itself, its client may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceFrom {
    /// `X-Forwarded-For`, and `X-Forwarded-Proto` for the scheme.
    XForwardedFor,
    /// `Forwarded`, `for` and `proto` (RFC 7239).
    Forwarded,
    /// The PROXY protocol, 1 or 2, before anything else on a connection.
    ProxyProtocol,
}

/// The proxies that are believed.
#[derive(Clone, Debug)]
pub struct TrustedProxies {
    pub ranges: Arc<[AddressRange]>,
    pub source_from: SourceFrom,
}

impl TrustedProxies {
    /// Tells whether `address` is one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.ranges.iter().any(|range| range.contains(address))
    }

    /// Gives a request the source that its proxies say, if they are ours.
    ///
    /// The list is read from its end: each proxy adds whom it saw. The first that is not ours is the source; behind it, anybody
    /// may have written anything.
    pub(crate) fn resolve(&self, request: &mut Request) {
        let neighbour = request.peer.address.ip();
        if !self.contains(neighbour) {
            return;
        }
        let (hops, https) = match self.source_from {
            SourceFrom::ProxyProtocol => return,
            SourceFrom::XForwardedFor => (
                hops(request, "x-forwarded-for", Some),
                last(request, "x-forwarded-proto")
                    .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"https")),
            ),
            SourceFrom::Forwarded => (
                hops(request, "forwarded", |element| parameter(element, b"for")),
                last(request, "forwarded")
                    .and_then(|element| parameter(element, b"proto"))
                    .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"https")),
            ),
        };
        for hop in hops {
            // What is no address ends what is known: the proxy that wrote it stays the source.
            let Some(address) = hop else { break };
            request.peer.address = address;
            if !self.contains(address.ip()) {
                break;
            }
        }
        // Backends read the same field: each of its hops adds whom it saw, so ours is the neighbour.
        if self.source_from == SourceFrom::XForwardedFor {
            request.proxy = Some(neighbour);
        }
        if https && request.peer.tls.is_none() {
            request.peer.tls = Some(Arc::new(TlsFacts::default()));
        }
    }
}

/// Returns the addresses of all fields called `name`, the nearest first; none where an element is no address.
fn hops<'e>(
    request: &'e Request,
    name: &'e str,
    pick: impl Fn(&'e [u8]) -> Option<&'e [u8]>,
) -> Vec<Option<SocketAddr>> {
    let elements = request
        .headers
        .all(name)
        .flat_map(|value| value.split(|byte| *byte == b','));
    let mut hops: Vec<_> = elements
        .map(|element| pick(element.trim_ascii()).and_then(address))
        .collect();
    hops.reverse();
    hops
}

fn last<'e>(request: &'e Request, name: &'e str) -> Option<&'e [u8]> {
    let elements = request
        .headers
        .all(name)
        .flat_map(|value| value.split(|byte| *byte == b','));
    elements.last().map(<[u8]>::trim_ascii)
}

/// Returns a parameter of an element of `Forwarded`, without its quotes.
fn parameter<'e>(element: &'e [u8], name: &[u8]) -> Option<&'e [u8]> {
    element.split(|byte| *byte == b';').find_map(|pair| {
        let equals = memchr::memchr(b'=', pair)?;
        let (key, value) = pair.split_at_checked(equals)?;
        let value = value.get(1..)?.trim_ascii();
        let value = value
            .strip_prefix(b"\"")
            .and_then(|value| value.strip_suffix(b"\""))
            .unwrap_or(value);
        key.trim_ascii().eq_ignore_ascii_case(name).then_some(value)
    })
}

/// Reads `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
fn address(text: &[u8]) -> Option<SocketAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let parsed = bare
        .parse()
        .map(|address| SocketAddr::new(address, 0))
        .or_else(|_| text.parse());
    parsed
        .ok()
        .map(|address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::request;

    fn source(from: SourceFrom, peer: &str, headers: &[(&'static str, &str)]) -> (String, bool) {
        let proxies = TrustedProxies {
            ranges: ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()].into(),
            source_from: from,
        };
        let mut request = request("GET", "/", headers);
        request.peer.address = SocketAddr::new(peer.parse().unwrap(), 4_711);
        proxies.resolve(&mut request);
        (request.peer.address.ip().to_string(), request.peer.tls.is_some())
    }

    #[test]
    fn nearest_address_that_is_no_proxy_of_ours_is_the_source() {
        let by = |peer, value| source(SourceFrom::XForwardedFor, peer, &[("x-forwarded-for", value)]).0;
        assert_eq!(by("10.0.0.1", "192.0.2.7"), "192.0.2.7");
        assert_eq!(by("10.0.0.1", "6.6.6.6, 192.0.2.7, 10.9.9.9"), "192.0.2.7");
        assert_eq!(by("10.0.0.1", "192.0.2.7:55,10.9.9.9:1"), "192.0.2.7");
        assert_eq!(by("fd00::1", "2001:db8::1"), "2001:db8::1");
        assert_eq!(by("10.0.0.1", "[2001:db8::1]:80"), "2001:db8::1");
        assert_eq!(by("::ffff:10.0.0.1", "::ffff:192.0.2.7"), "192.0.2.7");
        // All of them ours: the farthest.
        assert_eq!(by("10.0.0.1", "10.0.0.3, 10.0.0.2"), "10.0.0.3");
        // What is no address ends what is known.
        assert_eq!(by("10.0.0.1", "192.0.2.7, unknown"), "10.0.0.1");
        assert_eq!(by("10.0.0.1", "192.0.2.7, nonsense, 10.0.0.2"), "10.0.0.2");
        assert_eq!(by("10.0.0.1", ""), "10.0.0.1");
    }

    #[test]
    fn strangers_are_not_believed() {
        for from in [
            SourceFrom::XForwardedFor,
            SourceFrom::Forwarded,
            SourceFrom::ProxyProtocol,
        ] {
            let headers = [
                ("x-forwarded-for", "192.0.2.7"),
                ("x-forwarded-proto", "https"),
                ("forwarded", "for=192.0.2.7;proto=https"),
            ];
            assert_eq!(
                source(from, "203.0.113.9", &headers),
                ("203.0.113.9".to_owned(), false)
            );
        }
        // Through a proxy that writes the one field, a client may have written the other.
        let other = [("forwarded", "for=192.0.2.7;proto=https")];
        assert_eq!(
            source(SourceFrom::XForwardedFor, "10.0.0.1", &other),
            ("10.0.0.1".to_owned(), false)
        );
        let other = [("x-forwarded-for", "192.0.2.7")];
        assert_eq!(source(SourceFrom::Forwarded, "10.0.0.1", &other).0, "10.0.0.1");
        assert_eq!(
            source(SourceFrom::ProxyProtocol, "10.0.0.1", &other).0,
            "10.0.0.1"
        );
    }

    #[test]
    fn several_fields_are_one_list_and_the_scheme_is_the_last() {
        let headers = [
            ("x-forwarded-for", "6.6.6.6"),
            ("x-forwarded-for", "192.0.2.7"),
            ("x-forwarded-proto", "http, https"),
        ];
        assert_eq!(
            source(SourceFrom::XForwardedFor, "10.0.0.1", &headers),
            ("192.0.2.7".to_owned(), true)
        );
        let headers = [(
            "forwarded",
            "for=6.6.6.6;proto=https, for=\"[2001:db8::1]:9\"; proto=http",
        )];
        assert_eq!(
            source(SourceFrom::Forwarded, "10.0.0.1", &headers),
            ("2001:db8::1".to_owned(), false)
        );
        let headers = [("forwarded", "For=192.0.2.7 ;Proto=HTTPS")];
        assert_eq!(
            source(SourceFrom::Forwarded, "10.0.0.1", &headers),
            ("192.0.2.7".to_owned(), true)
        );
    }
}
