//! Our own request and response. Everything above the edge sees only these, so that the codec below can change.

pub mod body;
pub(crate) mod coding;
pub(crate) mod memory;
pub(crate) mod path;
mod source;
mod target;
pub(crate) mod websocket;

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use bytes::Bytes;
use portcullis_model::HeaderList;

use crate::client_certificates::ClientMemory;

pub use body::{Body, BodyError};
pub use source::{SourceFrom, TrustedProxies};
pub use target::Target;

/// The version a request came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Http10,
    Http11,
    Http2,
}

impl Version {
    /// Returns the protocol as `$context.protocol` writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2.0",
        }
    }
}

/// Which door a request came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    Public,
    PublicHttp,
    Proxy,
    /// None: somebody who may change the API tests it.
    TestInvoke,
}

impl Listener {
    /// Returns the name that trails carry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::PublicHttp => "public-http",
            Self::Proxy => "proxy",
            Self::TestInvoke => "test-invoke",
        }
    }
}

/// What the handshake established.
#[derive(Debug, Default)]
pub struct TlsFacts {
    pub server_name: Option<String>,
    pub version: Option<&'static str>,
    pub cipher_suite: Option<String>,
    /// DER, leaf first; empty without a client certificate.
    pub client_certificates: Vec<Vec<u8>>,
    pub client: ClientMemory,
}

/// Where a request came from.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The source address: the TCP peer's.
    pub address: SocketAddr,
    pub listener: Listener,
    /// None over clear text.
    pub tls: Option<Arc<TlsFacts>>,
}

/// A request as it came: method and target are raw bytes, headers keep order and case.
#[derive(Debug)]
pub struct Request {
    pub method: Bytes,
    pub target: Target,
    /// Host and port as the client named them: the `Host` field or `:authority`.
    pub authority: Arc<str>,
    pub version: Version,
    pub headers: HeaderList,
    pub body: Body,
    pub peer: Peer,
    /// The TCP peer's address where the source was said by a proxy of ours in a field that goes on to backends.
    pub proxy: Option<IpAddr>,
}

impl Request {
    /// Returns the target up to the first `?`.
    pub fn path(&self) -> &[u8] {
        self.target.path()
    }

    /// Returns what follows the first `?`, if there is one.
    pub fn query(&self) -> Option<&[u8]> {
        self.target.query()
    }
}

/// A response on its way out.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderList,
    pub body: Body,
}

impl Response {
    /// Returns a response with a whole body of `content_type`.
    pub fn full(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderList::with_capacity(8);
        headers.push("Content-Type", content_type);
        Self {
            status,
            headers,
            body: Body::Full(body.into()),
        }
    }
}
