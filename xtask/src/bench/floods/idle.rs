//! What a connection costs while it does nothing.

use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::dial::dial;
use super::{World, memory};
use crate::bench::load::{self, Extent, Load, Way};
use crate::bench::message;
use crate::bench::tls::Tls;

/// What the first connections make the server keep once is not counted.
const FIRST: usize = 200;
/// More requests than the server remembers: what it remembers of them is not the connections' memory.
const REMEMBERED: usize = 20_000;
const PER_ADDRESS: usize = 1000;
/// For memory to come to rest.
const REST: Duration = Duration::from_secs(2);

/// Says the bytes that an idle connection takes, in clear text and with TLS.
pub(super) fn measure(world: &World, connections: usize) -> Result<()> {
    load::exchange(&Load {
        address: world.server.public,
        process: world.server.process.id(),
        connections: 8,
        way: Way::KeepAlive,
        warm_up: Vec::new(),
        requests: vec![world.request.clone(); REMEMBERED].into(),
        extent: Extent::Once,
        tls: None,
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let clear = runtime.block_on(grown(world, connections, async |number| {
        dial(world.server.public, number, PER_ADDRESS).await
    }))?;
    println!("idle, clear text: {clear} bytes each of {connections} connections");
    thread::sleep(REST);
    let Tls { connector, name } = Tls::to(&world.host, &world.server.ca, "http/1.1")?;
    let tls = runtime.block_on(grown(world, connections, async |number| {
        let stream = dial(world.server.https, number, PER_ADDRESS).await?;
        Ok(connector.connect(name.clone(), stream).await?)
    }))?;
    println!("idle, TLS: {tls} bytes each of {connections} connections");
    thread::sleep(REST);
    Ok(())
}

async fn grown<S: AsyncRead + AsyncWrite + Unpin>(
    world: &World,
    connections: usize,
    dial: impl AsyncFn(usize) -> Result<S>,
) -> Result<u64> {
    let mut kept = Vec::new();
    let mut before = 0;
    for number in 0..FIRST + connections {
        if number == FIRST {
            thread::sleep(REST);
            before = memory::proportional(world.server.process.id())?;
        }
        let mut stream = dial(number).await?;
        ask(&mut stream, &world.request).await?;
        kept.push(stream);
    }
    thread::sleep(REST);
    let after = memory::proportional(world.server.process.id())?;
    Ok(after.saturating_sub(before) / u64::try_from(connections)?)
}

async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), request: &[u8]) -> Result<()> {
    stream.write_all(request).await?;
    stream.flush().await?;
    let mut received = Vec::new();
    while message::answer(&received)?.is_none() {
        if stream.read_buf(&mut received).await? == 0 {
            bail!("an idle connection was cut off");
        }
    }
    Ok(())
}
