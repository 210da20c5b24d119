//! The one table of strictness: what the bytes of a request may be that two parsers could understand differently, and what
//! we answer. Nothing here is repaired: a backend, or a firewall, might have repaired it in another way.
//!
//! `docs/strictness.md` shows the same table; a test compares the two.

use crate::http::Response;

/// One reason not to take a request up.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The name that documents and logs use.
    pub name: &'static str,
    pub status: u16,
    /// What the client and the trail are told.
    pub reason: &'static str,
    /// Where the RFC says so, or leaves room.
    pub section: &'static str,
    /// Why we are strict.
    pub why: &'static str,
}

/// Returns the plain answer to what never became a request.
pub(crate) fn response(rule: &Rule) -> Response {
    let mut response = Response::full(
        rule.status,
        "application/json",
        format!("{{\"message\":\"{}\"}}", rule.reason),
    );
    if *rule == *HANDSHAKE {
        // RFC 6455 section 4.4.
        response.headers.push("Sec-WebSocket-Version", "13");
    }
    response
}

macro_rules! rules {
    ($($id:ident = $name:literal, $status:literal, $reason:literal, $section:literal, $why:literal;)*) => {
        $(pub const $id: &Rule = &Rule { name: $name, status: $status, reason: $reason, section: $section, why: $why };)*
        /// All of them, in the order of the documents.
        pub const RULES: &[&Rule] = &[$($id),*];
    };
}

rules! {
    NO_METHOD = "no-method", 400, "the request does not start with a method", "RFC 9112 3",
        "TLS, HTTP/2 or nonsense on a clear listener: waiting for more would only hold a connection";
    BARE_LINE_FEED = "bare-line-feed", 400, "a line ends without a carriage return", "RFC 9112 2.2",
        "some end a head here, others do not: what follows is a field for one and a second request for the other";
    BARE_CARRIAGE_RETURN = "bare-carriage-return", 400, "a carriage return stands alone", "RFC 9112 2.2",
        "some take it for the end of a line";
    REQUEST_LINE = "request-line", 400, "the request line is not a method, a target and a version", "RFC 9112 3",
        "with more than single spaces it is not clear where the target ends";
    METHOD = "method", 400, "the method is not a token of at most 32 characters", "RFC 9110 9.1",
        "a field or a target could hide in it";
    TUNNEL = "tunnel", 501, "tunnels are not opened here", "RFC 9110 9.3.6",
        "`CONNECT` makes a proxy of whoever grants it";
    VERSION = "version", 505, "the version is neither HTTP/1.1 nor HTTP/1.0", "RFC 9112 2.3",
        "how it frames a message is not known";
    TARGET_FORM = "target-form", 400, "the target is no path, and no http address", "RFC 9112 3.2",
        "some would put a slash before it, others would read a host from it";
    TARGET_BYTES = "target-bytes", 400, "the target holds a control character or a `#`", "RFC 9112 3.2",
        "some cut it there";
    TARGET_LENGTH = "target-length", 414, "the request target is too long", "RFC 9110 15.5.15",
        "it is a stranger's memory";
    HEAD_LENGTH = "head-length", 431, "the request head is too long", "RFC 6585 5",
        "it is a stranger's memory";
    FIELD_COUNT = "field-count", 431, "the request has too many fields", "RFC 6585 5",
        "each costs more than its bytes";
    HEAD_TIME = "head-time", 408, "the request head did not come in time", "RFC 9110 15.5.9",
        "a byte now and then holds a connection for ever";
    FOLDED_FIELD = "folded-field", 400, "a field is folded over two lines", "RFC 9112 5.2",
        "some read one field, others two";
    NO_COLON = "no-colon", 400, "a line of the head is no field", "RFC 9112 5",
        "some ignore it, some end the head with it";
    FIELD_NAME = "field-name", 400, "the name of a field is not a token", "RFC 9112 5.1",
        "with a space before the colon it is `Content-Length` for some and unknown to others";
    FIELD_VALUE = "field-value", 400, "the value of a field holds a control character", "RFC 9110 5.5",
        "some cut it there";
    NO_HOST = "no-host", 400, "no host", "RFC 9112 3.2",
        "the next server would choose one";
    TWO_HOSTS = "two-hosts", 400, "more than one host", "RFC 9112 3.2",
        "some take the first, some the last";
    HOST_NAME = "host-name", 400, "the host is not a name or an address with a port", "RFC 9112 3.2",
        "with a user, a path or a comma in it, servers read different hosts";
    OTHER_HOST = "other-host", 400, "the host and the target name different hosts", "RFC 9112 3.2.2",
        "some take the one, some the other";
    LENGTH = "length", 400, "the content length is not a number", "RFC 9112 6.3",
        "a sign, a list or a space is another number for some";
    TWO_LENGTHS = "two-lengths", 400, "more than one content length", "RFC 9112 6.3",
        "some take the first, some the last; equal ones are refused as well, for nobody needs them";
    LENGTH_AND_CODING = "length-and-coding", 400, "both a content length and a transfer coding", "RFC 9112 6.1",
        "the first request for one is two for another";
    TWO_CODINGS = "two-codings", 400, "more than one transfer coding", "RFC 9112 6.1",
        "some look at the first field, some at the last";
    UNKNOWN_CODING = "unknown-coding", 501, "the transfer coding is not `chunked`", "RFC 9112 6.1",
        "who does not know it cannot see where the body ends";
    CODING_IN_1_0 = "coding-in-1.0", 400, "a transfer coding in HTTP/1.0", "RFC 9112 6.1",
        "HTTP/1.0 has none: some ignore it";
    HANDSHAKE = "handshake", 400, "a WebSocket is asked for, and not as a handshake must", "RFC 6455 4.2.1",
        "a backend that takes it for one and a server that does not would read different things from then on";
    EXPECTATION = "expectation", 417, "an expectation that is not `100-continue`", "RFC 9110 10.1.1",
        "it would not be met";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_show_the_table() {
        let page = include_str!("../../../../docs/strictness.md");
        for rule in RULES {
            let row = format!(
                "| `{}` | {} | {} | {} | {} |",
                rule.name, rule.status, rule.reason, rule.section, rule.why
            );
            assert!(page.contains(&row), "docs/strictness.md lacks:\n{row}");
        }
        let rows = page.lines().filter(|line| line.starts_with("| `")).count();
        assert_eq!(rows, RULES.len(), "docs/strictness.md has rows of its own");
    }
}
