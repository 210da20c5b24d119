//! Under `serve`, clear text only leads to https.

use portcullis_model::HeaderList;

use crate::http::{Body, Request, Response};

/// The same host and target over https. 308 keeps method and body (RFC 9110 section 15.4.9).
pub(crate) fn redirect(request: &Request, port: u16) -> Response {
    let authority = &*request.authority;
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let mut location = format!("https://{host}").into_bytes();
    if port != 443 {
        location.extend_from_slice(format!(":{port}").as_bytes());
    }
    location.extend_from_slice(&request.target);
    let mut headers = HeaderList::with_capacity(2);
    headers.push("Location", location);
    Response {
        status: 308,
        headers,
        body: Body::Empty,
    }
}
