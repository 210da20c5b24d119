//! Which certificate and policy a handshake gets, by server name (RFC 6066 section 3).

use std::{
    future::{Future, poll_fn},
    io,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use portcullis_egress::socket::RawSocket;
use rustls::{
    CipherSuite, ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    server::Acceptor,
};
use tokio::{
    net::TcpStream,
    sync::{Semaphore, SemaphorePermit},
};
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};

use crate::{client_certificates::ClientMemory, http::TlsFacts};

/// Knows the server configuration of every name. Asked once a handshake; what it answers may change at any time.
pub trait ServerConfigs: Send + Sync + 'static {
    /// Returns the configuration for `server_name` (none when the client sent none), or none to refuse.
    fn server_config(&self, server_name: Option<&str>) -> Option<Arc<ServerConfig>>;
}

/// Returns the cryptography of our handshakes: of the suites, those of AES-128 first, as AWS's security policies list them
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-list.html>). They hash with SHA-256,
/// which processors have instructions for; SHA-384 was a seventh of a handshake. AWS does not say whose order it takes, the client's or
/// its own: that ours counts is our choice.
pub fn provider() -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites.sort_by_key(|suite| match suite.suite() {
        CipherSuite::TLS13_AES_128_GCM_SHA256
        | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => 0,
        _ => 1,
    });
    Arc::new(provider)
}

/// Sets what every handshake of ours keeps to: our order of suites, and HTTP/2 before HTTP/1.1 (RFC 7301).
pub fn set_order(config: &mut ServerConfig) {
    config.ignore_client_order = true;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
}

/// Where the handshakes of a thread stand in line: what each of them costs is many requests, so all who wait for a request's
/// answer come between two of them.
#[derive(Debug)]
pub(crate) struct Line(Semaphore);

impl Default for Line {
    fn default() -> Self {
        Self(Semaphore::new(1))
    }
}

impl Line {
    /// Waits for a turn, which ends with what is returned.
    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        let turn = self.0.acquire().await.ok();
        // The runtime looks at all sockets before it comes back to who yields.
        tokio::task::yield_now().await;
        turn
    }
}

/// Ends TLS on `stream` and says what was agreed. `may_go_on` is asked when it is this handshake's turn.
pub(crate) async fn accept(
    stream: TcpStream,
    configs: &dyn ServerConfigs,
    time: Duration,
    line: &Line,
    may_go_on: impl FnOnce() -> bool,
) -> io::Result<(TlsStream<RawSocket>, TlsFacts)> {
    tokio::time::timeout(time, handshake(stream, configs, line, may_go_on))
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the TLS handshake took too long"))?
}

async fn handshake(
    stream: TcpStream,
    configs: &dyn ServerConfigs,
    line: &Line,
    may_go_on: impl FnOnce() -> bool,
) -> io::Result<(TlsStream<RawSocket>, TlsFacts)> {
    let start = LazyConfigAcceptor::new(Acceptor::default(), RawSocket::from(stream)).await?;
    let server_name = start.client_hello().server_name().map(str::to_ascii_lowercase);
    let config = configs.server_config(server_name.as_deref()).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::PermissionDenied,
            "no certificate for this server name",
        )
    })?;
    let mut accepting = start.into_stream(config);
    let mut turn = line.turn().await;
    if !may_go_on() {
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    let stream = poll_fn(|context| {
        let accepted = Pin::new(&mut accepting).poll(context);
        // What costs is done in the first step; the others wait for the client.
        turn = None;
        accepted
    })
    .await?;
    let (_, session) = stream.get_ref();
    let facts = TlsFacts {
        server_name,
        version: session.protocol_version().and_then(|version| match version {
            rustls::ProtocolVersion::TLSv1_2 => Some("TLSv1.2"),
            rustls::ProtocolVersion::TLSv1_3 => Some("TLSv1.3"),
            _ => None,
        }),
        cipher_suite: session
            .negotiated_cipher_suite()
            .and_then(|suite| suite.suite().as_str().map(str::to_owned)),
        client_certificates: session
            .peer_certificates()
            .unwrap_or_default()
            .iter()
            .map(|certificate| certificate.as_ref().to_vec())
            .collect(),
        client: ClientMemory::default(),
    };
    Ok((stream, facts))
}

/// Tells whether HTTP/2 was agreed on (RFC 7301).
pub(crate) fn speaks_http2(stream: &TlsStream<RawSocket>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(b"h2")
}
