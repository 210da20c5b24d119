//! Opens connections: resolve, check every address, connect to what was checked, TLS.

use std::{net::SocketAddr, sync::Arc};

use rustls::pki_types::ServerName;
use tokio::{
    net::{TcpStream, lookup_host},
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::TlsConnector;

use crate::{
    AddressPolicy, EgressError, Limits, Phase, Target, connection::Connection, stream::Stream,
    tls::ALPN_HTTP_1_1,
};

/// Opens a connection to `target` before `deadline`.
pub(crate) async fn connect(
    target: &Target,
    tls: &TlsConnector,
    policy: &AddressPolicy,
    limits: &Limits,
    deadline: Instant,
) -> Result<Box<Connection>, EgressError> {
    let opening = async {
        let addresses = resolve(target, policy, limits).await?;
        let socket = connect_first(target, &addresses, deadline).await?;
        check_connected(target, policy, &socket)?;
        let stream = if target.https {
            Stream::Tls(Box::new(handshake(target, tls, socket).await?))
        } else {
            Stream::Clear(socket)
        };
        Ok(Connection::new(target.clone(), stream))
    };
    match timeout_at(deadline, opening).await {
        Ok(opened) => opened,
        Err(_elapsed) => Err(EgressError::TimedOut(Phase::Connect)),
    }
}

/// Returns the addresses of `target`. One that is refused refuses them all: whoever mixes them is up to something.
async fn resolve(
    target: &Target,
    policy: &AddressPolicy,
    limits: &Limits,
) -> Result<Vec<SocketAddr>, EgressError> {
    let unresolved = |cause: String| EgressError::Unresolved {
        host: target.host.clone(),
        cause,
    };
    let addresses: Vec<SocketAddr> = match target.literal_address() {
        Some(address) => vec![address],
        None => lookup_host((target.host.as_str(), target.port))
            .await
            .map_err(|cause| unresolved(cause.to_string()))?
            .take(limits.addresses_max)
            .collect(),
    };
    if addresses.is_empty() {
        return Err(unresolved("it has no address".to_owned()));
    }
    for address in &addresses {
        policy
            .check(*address)
            .map_err(|range| refused(target, *address, range))?;
    }
    Ok(addresses)
}

/// Connects to the first address that answers; each gets its share of the time that is left.
async fn connect_first(
    target: &Target,
    addresses: &[SocketAddr],
    deadline: Instant,
) -> Result<TcpStream, EgressError> {
    let mut outcome = Err(EgressError::TimedOut(Phase::Connect));
    for (index, address) in addresses.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let shares = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX).max(1);
        match timeout(left / shares, TcpStream::connect(address)).await {
            Ok(Ok(socket)) => {
                // Requests leave whole; waiting for more would only add delay.
                let _unimportant = socket.set_nodelay(true);
                return Ok(socket);
            }
            Ok(Err(cause)) => {
                outcome = Err(EgressError::Unconnected {
                    host: target.host.clone(),
                    cause,
                });
            }
            Err(_elapsed) => {}
        }
    }
    outcome
}

fn check_connected(target: &Target, policy: &AddressPolicy, socket: &TcpStream) -> Result<(), EgressError> {
    let unconnected = |cause| EgressError::Unconnected {
        host: target.host.clone(),
        cause,
    };
    let peer = socket.peer_addr().map_err(unconnected)?;
    let local = socket.local_addr().map_err(unconnected)?;
    policy
        .check_connected(local, peer)
        .map_err(|range| refused(target, peer, range))
}

async fn handshake(
    target: &Target,
    tls: &TlsConnector,
    socket: TcpStream,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, EgressError> {
    let failed = |cause: String| EgressError::Tls {
        host: target.host.clone(),
        cause,
    };
    let name = ServerName::try_from(target.host.clone()).map_err(|cause| failed(cause.to_string()))?;
    let stream = tls
        .connect(name, socket)
        .await
        .map_err(|cause| failed(cause.to_string()))?;
    match stream.get_ref().1.alpn_protocol() {
        None | Some(ALPN_HTTP_1_1) => Ok(stream),
        Some(_) => Err(failed("it chose a protocol that was not offered".to_owned())),
    }
}

fn refused(target: &Target, address: SocketAddr, range: &'static str) -> EgressError {
    EgressError::Refused {
        host: target.host.clone(),
        address: address.ip(),
        range,
    }
}

/// Returns a connector that offers HTTP/1.1 and nothing else.
pub(crate) fn connector(tls: &Arc<rustls::ClientConfig>) -> TlsConnector {
    if tls.alpn_protocols == [ALPN_HTTP_1_1] {
        return TlsConnector::from(Arc::clone(tls));
    }
    let mut config = rustls::ClientConfig::clone(tls);
    config.alpn_protocols = vec![ALPN_HTTP_1_1.to_vec()];
    TlsConnector::from(Arc::new(config))
}
