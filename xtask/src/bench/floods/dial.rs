//! Connections from many addresses of this machine: a server does not let a single one have as many.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use anyhow::Result;
use tokio::net::{TcpSocket, TcpStream};

/// Connects as the `number`th of many, of which so many share an address.
pub(super) async fn dial(address: SocketAddr, number: usize, per_address: usize) -> Result<TcpStream> {
    let [.., high, low] = (number / per_address + 1).to_be_bytes();
    let source = Ipv4Addr::new(127, 1, high, low);
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddrV4::new(source, 0).into())?;
    Ok(socket.connect(address).await?)
}
