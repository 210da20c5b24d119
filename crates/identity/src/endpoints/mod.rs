//! What strangers reach by plain HTTP: the endpoints and pages of a domain, the keys and the metadata of a pool.
//!
//! A request in, a response out; the server does the wire and finds domain or pool by host or path.

use bytes::Bytes;
use portcullis_model::HeaderList;
use serde_json::Value;

pub mod domain;
pub mod token;
pub mod well_known;
mod authorize;
mod authorization_request;
mod authorization_code;
mod refresh_token;
mod user_info;
mod revoke;
mod login;
mod signup;
mod confirm;
mod forgot_password;
mod change_password;
mod logout;
mod browser_session;
mod cookies;
mod cors;
pub(crate) mod form;

/// A request to an endpoint.
#[derive(Clone, Default)]
pub struct EndpointRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// Without the query; begins below the host (`/oauth2/token`, `/{pool}/.well-known/jwks.json`).
    pub path: String,
    /// Without `?`, as on the wire.
    pub query: String,
    pub headers: HeaderList,
    pub body: Vec<u8>,
    /// Host and port, as the client named them.
    pub authority: String,
    /// Whether it came over TLS.
    pub secure: bool,
}

/// An endpoint's response.
#[derive(Clone, Debug)]
pub struct EndpointResponse {
    pub status: u16,
    pub headers: HeaderList,
    pub body: Vec<u8>,
    /// What really happened, for the trail only.
    pub cause: Option<String>,
}

impl EndpointResponse {
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        let mut headers = HeaderList::with_capacity(4);
        headers.push(
            Bytes::from_static(b"content-type"),
            Bytes::from_static(b"application/json;charset=UTF-8"),
        );
        Self {
            status,
            headers,
            body: value.to_string().into_bytes(),
            cause: None,
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Bytes>) -> Self {
        self.headers
            .push(Bytes::from_static(name.as_bytes()), value.into());
        self
    }
}
