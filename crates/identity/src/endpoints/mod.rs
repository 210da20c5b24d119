//! What strangers reach by plain HTTP: the token endpoint of a domain, the keys and the metadata of a pool.
//!
//! Pure: a request in, a response out; the server does the wire and finds the pool by host or path.

use portcullis_model::HeaderList;

/// A request to an endpoint.
#[derive(Clone, Default)]
pub struct EndpointRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Without `?`, as on the wire.
    pub query: String,
    pub headers: HeaderList,
    pub body: Vec<u8>,
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
