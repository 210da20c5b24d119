//! The listeners: opened before anything answers, so that a port that is taken is told at once.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use portcullis_gateway::{
    edge::{Door, Socket},
    http::Listener,
};
use tokio::net::TcpListener;

use crate::settings::Settings;

/// Where the listeners really are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub(crate) public: SocketAddr,
    pub(crate) public_http: Option<SocketAddr>,
    pub(crate) admin: SocketAddr,
    pub(crate) proxy: Option<SocketAddr>,
}

/// Opens the admin listener.
pub(super) async fn open_admin(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address} (admin); free the port or say another with --admin")
    })
}

/// Opens the public listeners and the proxy, a socket a worker.
pub(super) fn open_sockets(settings: &Settings) -> Result<Vec<Socket>> {
    let doors = [
        (Listener::Public, Some(settings.public)),
        (Listener::PublicHttp, settings.public_http),
        (Listener::Proxy, settings.proxy),
    ];
    let mut sockets = Vec::new();
    for (listener, address) in doors {
        let Some(address) = address else { continue };
        sockets.push(Socket::open(Door { listener, address }, settings.workers)?);
    }
    Ok(sockets)
}

/// Returns where the listeners really are.
pub(super) fn addresses(sockets: &[Socket], admin: &TcpListener) -> Result<Addresses> {
    let of = |listener| {
        sockets
            .iter()
            .find(|socket| socket.listener == listener)
            .map(|socket| socket.address)
    };
    Ok(Addresses {
        public: of(Listener::Public).context("no public listener")?,
        public_http: of(Listener::PublicHttp),
        admin: admin.local_addr()?,
        proxy: of(Listener::Proxy),
    })
}
