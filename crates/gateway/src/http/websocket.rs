//! WebSockets (RFC 6455): what a request asks, and the tunnel that an integration hands to the edge when its backend agreed.
//!
//! A handshake is a `GET` of HTTP/1.1 like another, and every layer decides on it; what passes afterwards nobody looks at. So
//! a tunnel opens only when both sides have said all that the RFC asks of them.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use portcullis_model::HeaderList;

use super::{Request, Version};

/// Tunnels of the process at one time.
pub(crate) const TUNNELS_MAX: u64 = 4_096;

/// The one account of the process.
pub(crate) static TUNNELS: Tunnels = Tunnels::new(TUNNELS_MAX);

/// What a request says of a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nothing, or not to us: without both fields, or beside another protocol, it is a plain request (RFC 9110 section 7.8).
    Nothing,
    Handshake,
    /// It asks, and not as RFC 6455 section 4.2.1 has it.
    Half,
}

/// Returns what a request asks.
pub(crate) fn asked(method: &[u8], version: Version, headers: &HeaderList, has_body: bool) -> Asked {
    if version != Version::Http11 || !names_websocket(headers) || !connects(headers) {
        return Asked::Nothing;
    }
    if method == b"GET"
        && !has_body
        && has_key(headers)
        && only(headers, "sec-websocket-version") == Some(b"13")
    {
        Asked::Handshake
    } else {
        Asked::Half
    }
}

impl Request {
    /// Tells whether it asks for a WebSocket, wholly.
    pub(crate) fn is_handshake(&self) -> bool {
        let has_body = self.body.length() != Some(0);
        asked(&self.method, self.version, &self.headers, has_body) == Asked::Handshake
    }
}

/// One field, and one protocol in it: of a list we would have to choose.
fn names_websocket(headers: &HeaderList) -> bool {
    only(headers, "upgrade").is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"))
}

fn connects(headers: &HeaderList) -> bool {
    headers
        .all("connection")
        .flat_map(|value| value.split(|byte| *byte == b','))
        .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
}

fn has_key(headers: &HeaderList) -> bool {
    only(headers, "sec-websocket-key")
        .and_then(|key| BASE64_STANDARD.decode(key).ok())
        .is_some_and(|key| key.len() == 16)
}

fn only<'a>(headers: &'a HeaderList, name: &'a str) -> Option<&'a [u8]> {
    let only = headers.get(name)?;
    (headers.all(name).count() == 1).then_some(only)
}

/// Counts tunnels and their bytes.
pub(crate) struct Tunnels {
    open: AtomicU64,
    opened: AtomicU64,
    bytes_from_clients: AtomicU64,
    bytes_to_clients: AtomicU64,
    max: u64,
}

impl Tunnels {
    const fn new(max: u64) -> Self {
        Self {
            open: AtomicU64::new(0),
            opened: AtomicU64::new(0),
            bytes_from_clients: AtomicU64::new(0),
            bytes_to_clients: AtomicU64::new(0),
            max,
        }
    }

    /// Takes a place for a tunnel, if there is one.
    pub(crate) fn place(&'static self) -> Option<Place> {
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        // Dropped, it gives the place back that it was not to have.
        let place = Place(self);
        (before < self.max).then_some(place)
    }

    /// Returns how many there are, how many there were, and the bytes from and to clients.
    pub(crate) fn counts(&self) -> [u64; 4] {
        [
            &self.open,
            &self.opened,
            &self.bytes_from_clients,
            &self.bytes_to_clients,
        ]
        .map(|counter| counter.load(Ordering::Relaxed))
    }

    pub(crate) fn note_opened(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn note_from_client(&self, bytes: usize) {
        self.bytes_from_clients.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn note_to_client(&self, bytes: usize) {
        self.bytes_to_clients.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// A place among the tunnels; dropping it gives it back.
pub(crate) struct Place(&'static Tunnels);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The way to a backend that has switched. It travels as the body of a 101; who reads bodies finds none.
pub struct Tunnel {
    pub(crate) backend: portcullis_egress::Tunnel,
    pub(crate) place: Place,
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Tunnel")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: [(&str, &str); 4] = [
        ("Connection", "keep-alive, Upgrade"),
        ("Upgrade", "WebSocket"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", "13"),
    ];

    fn fields(fields: &[(&'static str, &'static str)]) -> HeaderList {
        let mut headers = HeaderList::new();
        for (name, value) in fields {
            headers.push(*name, *value);
        }
        headers
    }

    #[test]
    fn whole_handshake_is_one() {
        assert_eq!(
            asked(b"GET", Version::Http11, &fields(&WHOLE), false),
            Asked::Handshake
        );
    }

    #[test]
    fn what_does_not_ask_us_is_a_plain_request() {
        let without = |name: &str| {
            let kept: Vec<_> = WHOLE.into_iter().filter(|(known, _)| *known != name).collect();
            asked(b"GET", Version::Http11, &fields(&kept), false)
        };
        assert_eq!(without("Connection"), Asked::Nothing);
        assert_eq!(without("Upgrade"), Asked::Nothing);
        assert_eq!(
            asked(b"GET", Version::Http10, &fields(&WHOLE), false),
            Asked::Nothing
        );
        let mut list = fields(&WHOLE);
        list.set("Upgrade", "websocket, h2c");
        assert_eq!(asked(b"GET", Version::Http11, &list, false), Asked::Nothing);
        assert_eq!(without("Sec-WebSocket-Key"), Asked::Half);
        assert_eq!(without("Sec-WebSocket-Version"), Asked::Half);
    }

    #[test]
    fn what_asks_and_breaks_a_rule_is_half() {
        let half = |name: &'static str, value: &'static str| {
            let mut headers = fields(&WHOLE);
            headers.set(name, value);
            asked(b"GET", Version::Http11, &headers, false)
        };
        assert_eq!(half("Sec-WebSocket-Version", "8"), Asked::Half);
        assert_eq!(half("Sec-WebSocket-Key", "c2hvcnQ="), Asked::Half);
        assert_eq!(half("Sec-WebSocket-Key", "no base64 at all!!!!"), Asked::Half);
        let headers = fields(&WHOLE);
        assert_eq!(asked(b"POST", Version::Http11, &headers, false), Asked::Half);
        assert_eq!(asked(b"GET", Version::Http11, &headers, true), Asked::Half);
        let mut twice = fields(&WHOLE);
        twice.push("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(asked(b"GET", Version::Http11, &twice, false), Asked::Half);
    }

    #[test]
    fn places_are_bounded_and_come_back() {
        static FEW: Tunnels = Tunnels::new(2);
        let first = FEW.place().unwrap();
        let _second = FEW.place().unwrap();
        assert!(FEW.place().is_none());
        assert!(FEW.place().is_none(), "who was turned away holds nothing");
        drop(first);
        assert!(FEW.place().is_some());
    }
}
