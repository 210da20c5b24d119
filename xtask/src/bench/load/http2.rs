//! HTTP/2 (RFC 9113): many requests at once over one connection.

use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use h2::client::SendRequest;

use super::{Shared, http1};
use crate::bench::message;

/// Room for what the server sends on a stream, and on all of a connection.
const WINDOW_BYTES: u32 = 2 * 1024 * 1024;

type Prepared = (http::Request<()>, Bytes);

/// Sends on `streams` streams at once over one connection.
pub(super) async fn streams(shared: &Arc<Shared>, streams: usize) -> Result<Vec<u32>> {
    let load = &shared.load;
    let prepared: Arc<Vec<Prepared>> = Arc::new(
        std::iter::once(&load.warm_up)
            .chain(load.requests.iter())
            .map(|request| prepare(request))
            .collect::<Result<_>>()?,
    );
    let (client, connection) = h2::client::Builder::new()
        .initial_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .enable_push(false)
        .handshake(http1::open(shared).await?)
        .await?;
    let connection = tokio::spawn(connection);
    let loops: Vec<_> = (0..streams)
        .map(|_| tokio::spawn(one(Arc::clone(shared), client.clone(), Arc::clone(&prepared))))
        .collect();
    drop(client);
    let mut latencies_ns = Vec::new();
    for one in loops {
        latencies_ns.extend(one.await.context("a stream of the load generator broke")??);
    }
    connection.abort();
    Ok(latencies_ns)
}

async fn one(
    shared: Arc<Shared>,
    client: SendRequest<Bytes>,
    prepared: Arc<Vec<Prepared>>,
) -> Result<Vec<u32>> {
    let mut latencies_ns = Vec::new();
    while let Some(turn) = shared.next() {
        let place = turn.place.map_or(0, |place| place + 1);
        let (request, body) = prepared.get(place).context("no such request")?;
        let mut client = client.clone().ready().await?;
        let (answer, mut sending) = client.send_request(request.clone(), body.is_empty())?;
        if !body.is_empty() {
            sending.send_data(body.clone(), true)?;
        }
        let answer = answer.await?;
        let status = answer.status().as_u16();
        let mut body = answer.into_body();
        while let Some(data) = body.data().await {
            body.flow_control().release_capacity(data?.len())?;
        }
        shared.answered(&turn, status, &mut latencies_ns)?;
    }
    Ok(latencies_ns)
}

/// Says a request of HTTP/1.1 in words of HTTP/2.
fn prepare(request: &[u8]) -> Result<Prepared> {
    let parts = message::request(request).context("a request without a head")?;
    let mut out = http::Request::builder()
        .method(parts.method)
        .uri(format!("https://{}{}", parts.host, parts.target));
    for (name, value) in &parts.fields {
        out = out.header(*name, *value);
    }
    Ok((out.body(())?, Bytes::copy_from_slice(parts.body)))
}
