//! Which endpoints scripts of other origins may read: token, user info and revocation, as apps in browsers need. They
//! take no cookie, so any origin may ask.

use super::EndpointRequest;
use super::EndpointResponse;

const READABLE: [&str; 3] = ["/oauth2/token", "/oauth2/userInfo", "/oauth2/revoke"];

/// Answers a preflight.
pub(super) fn preflight(request: &EndpointRequest) -> Option<EndpointResponse> {
    if request.method != "OPTIONS" || !READABLE.contains(&request.path.as_str()) {
        return None;
    }
    let answer = EndpointResponse {
        status: 204,
        headers: portcullis_model::HeaderList::new(),
        body: Vec::new(),
        cause: None,
    };
    Some(
        readable(answer)
            .with("access-control-allow-methods", "GET, POST")
            .with("access-control-allow-headers", "authorization, content-type")
            .with("access-control-max-age", "3600"),
    )
}

/// Lets scripts read an answer.
pub(super) fn readable(answer: EndpointResponse) -> EndpointResponse {
    answer.with("access-control-allow-origin", "*")
}
