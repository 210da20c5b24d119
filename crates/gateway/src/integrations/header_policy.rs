//! Which header fields pass between caller and backend on `HTTP_PROXY`: AWS's table of dropped, remapped and passed
//! fields, with the connection's own fields never passed (RFC 9110 section 7.6.1).
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>

use bytes::Bytes;
use portcullis_model::{is_name, is_one_of, is_token};

/// What becomes of a field of a backend's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Pass,
    Drop,
    /// It goes on as `x-amzn-Remapped-…`.
    Remap,
}

/// Tells whether a caller's field is left out. `Host` is the backend's; `Forwarded` is a claim that nobody checked; the
/// `X-Forwarded-*` of the way are written anew. A `Content-Encoding` that is here yet is that of a body which nobody
/// decoded (an HTTP API's): without it a backend could not read it, so it passes.
pub(crate) fn is_dropped_from_request(name: &[u8]) -> bool {
    match name.len() {
        2 => is_name(name, b"te"),
        3 => is_name(name, b"via"),
        4 => is_name(name, b"host"),
        6 => is_one_of(name, [b"expect", b"server"]),
        7 => is_one_of(name, [b"trailer", b"upgrade"]),
        9 => is_name(name, b"forwarded"),
        10 => is_name(name, b"keep-alive"),
        11 => is_name(name, b"content-md5"),
        12 => is_name(name, b"max-forwards"),
        14 => is_name(name, b"content-length"),
        15 => is_name(name, b"x-forwarded-for"),
        16 => is_one_of(
            name,
            [
                b"proxy-connection",
                b"www-authenticate",
                b"x-forwarded-port",
                b"x-forwarded-host",
            ],
        ),
        17 => is_one_of(name, [b"transfer-encoding", b"x-forwarded-proto"]),
        18 => is_name(name, b"proxy-authenticate"),
        19 => is_name(name, b"proxy-authorization"),
        _ => false,
    }
}

/// Returns what becomes of a field of the backend's answer.
pub(crate) fn fate_in_response(name: &[u8]) -> Fate {
    let (is_dropped, is_remapped) = match name.len() {
        2 => (is_name(name, b"te"), false),
        3 => (is_name(name, b"via"), false),
        4 => (is_name(name, b"host"), is_name(name, b"date")),
        6 => (is_name(name, b"expect"), is_name(name, b"server")),
        7 => (is_one_of(name, [b"trailer", b"upgrade"]), false),
        10 => (
            is_name(name, b"keep-alive"),
            is_one_of(name, [b"connection", b"user-agent"]),
        ),
        11 => (false, is_name(name, b"content-md5")),
        12 => (false, is_name(name, b"max-forwards")),
        13 => (false, is_name(name, b"authorization")),
        14 => (false, is_name(name, b"x-amz-apigw-id")),
        15 => (false, is_name(name, b"apigw-requestid")),
        // Ours identify the exchange and its refusals; a backend's could be taken for them.
        16 => (
            is_name(name, b"proxy-connection"),
            is_one_of(
                name,
                [b"www-authenticate", b"x-amzn-requestid", b"x-amzn-errortype"],
            ),
        ),
        17 => (is_name(name, b"transfer-encoding"), false),
        18 => (is_name(name, b"proxy-authenticate"), false),
        _ => (false, false),
    };
    match (is_dropped, is_remapped) {
        (true, _) => Fate::Drop,
        (false, true) => Fate::Remap,
        (false, false) => Fate::Pass,
    }
}

/// Returns the name that a remapped field goes on with.
pub(crate) fn remapped_name(name: &[u8]) -> Bytes {
    const COMMON: [(&str, &str); 4] = [
        ("date", "x-amzn-Remapped-Date"),
        ("server", "x-amzn-Remapped-Server"),
        ("connection", "x-amzn-Remapped-Connection"),
        ("www-authenticate", "x-amzn-Remapped-WWW-Authenticate"),
    ];
    let common = COMMON
        .iter()
        .find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
    match common {
        Some((_, remapped)) => Bytes::from_static(remapped.as_bytes()),
        None => Bytes::from([b"x-amzn-Remapped-".as_slice(), name].concat()),
    }
}

/// Checks that `integration.request.header.{name}` may be mapped. AWS answers 500 to every call for most of these; here
/// the deployment says so.
pub(crate) fn check_mapped(name: &str) -> Result<(), String> {
    let text = name.as_bytes();
    let is_ours = is_one_of(
        text,
        [b"connection", b"x-amzn-trace-id", b"x-amzn-apigateway-api-id"],
    );
    if !is_token(name) || is_dropped_from_request(text) || is_ours {
        return Err(format!("the header `{name}` cannot be mapped"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_fields_follow_the_table() {
        let dropped = "Host TE Expect Via Upgrade Trailer Transfer-Encoding Forwarded X-Forwarded-For Max-Forwards \
                       Content-MD5 Proxy-Authenticate Server WWW-Authenticate";
        for name in dropped.split_whitespace() {
            assert!(is_dropped_from_request(name.as_bytes()), "{name}");
        }
        let passed =
            "Authorization Accept User-Agent Range Date Cookie Content-Type Content-Encoding Referer Pragma";
        for name in passed.split_whitespace() {
            assert!(!is_dropped_from_request(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn response_fields_follow_the_table() {
        let remapped =
            "Authorization Connection Content-MD5 Date Server User-Agent WWW-Authenticate Max-Forwards";
        for name in remapped.split_whitespace() {
            assert_eq!(fate_in_response(name.as_bytes()), Fate::Remap, "{name}");
        }
        let dropped = "Transfer-Encoding Trailer Upgrade Via Proxy-Authenticate Host Expect TE Keep-Alive";
        for name in dropped.split_whitespace() {
            assert_eq!(fate_in_response(name.as_bytes()), Fate::Drop, "{name}");
        }
        for name in
            "Content-Type Set-Cookie ETag Accept Content-Encoding Cache-Control Age".split_whitespace()
        {
            assert_eq!(fate_in_response(name.as_bytes()), Fate::Pass, "{name}");
        }
    }

    #[test]
    fn remapped_names_keep_their_case() {
        assert_eq!(remapped_name(b"date").as_ref(), b"x-amzn-Remapped-Date");
        assert_eq!(
            remapped_name(b"Content-MD5").as_ref(),
            b"x-amzn-Remapped-Content-MD5"
        );
    }

    #[test]
    fn framing_and_forwarding_cannot_be_mapped() {
        for name in [
            "Content-Length",
            "Transfer-Encoding",
            "Host",
            "X-Forwarded-For",
            "Connection",
            "a b",
            "",
        ] {
            assert!(check_mapped(name).is_err(), "{name}");
        }
        assert!(check_mapped("X-User").is_ok());
    }
}
