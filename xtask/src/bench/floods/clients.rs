//! The clients whose patience is measured: each on a connection of its own, in clear text, 20 requests a second.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::World;
use crate::bench::message;
use crate::bench::statistics::percentile;

const INTERVAL: Duration = Duration::from_millis(50);

/// How long they waited.
pub(super) struct Times {
    sorted_us: Vec<u32>,
    refused: usize,
}

impl Times {
    fn milliseconds(&self, per_mille: usize) -> f64 {
        f64::from(percentile(&self.sorted_us, per_mille)) / 1000.0
    }

    pub(super) fn p99(&self) -> f64 {
        self.milliseconds(990)
    }
}

impl fmt::Display for Times {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "p50 {:.2} ms, p90 {:.2} ms, p99 {:.2} ms, longest {:.1} ms, {} requests, {} not answered 200",
            self.milliseconds(500),
            self.milliseconds(900),
            self.p99(),
            self.milliseconds(1000),
            self.sorted_us.len(),
            self.refused
        )
    }
}

/// Lets the clients ask for a while.
pub(super) fn ask(world: &World, clients: usize, time: Duration) -> Result<Times> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (request, address): (Arc<[u8]>, _) = (world.request.clone().into(), world.server.public);
    let answered = runtime.block_on(async {
        let clients: Vec<_> = (0..clients)
            .map(|number| {
                let request = Arc::clone(&request);
                tokio::spawn(async move {
                    // Not all at the same moment.
                    let apart = INTERVAL * u32::try_from(number % 50).unwrap_or_default() / 50;
                    tokio::time::sleep(apart).await;
                    client(TcpStream::connect(address).await?, &request, time).await
                })
            })
            .collect();
        let mut answered = Vec::new();
        for client in clients {
            answered.extend(client.await??);
        }
        anyhow::Ok(answered)
    })?;
    let mut sorted_us: Vec<u32> = answered.iter().map(|(took_us, _)| *took_us).collect();
    sorted_us.sort_unstable();
    Ok(Times {
        sorted_us,
        refused: answered.iter().filter(|(_, status)| *status != 200).count(),
    })
}

async fn client(mut stream: TcpStream, request: &[u8], time: Duration) -> Result<Vec<(u32, u16)>> {
    stream.set_nodelay(true)?;
    let (end, mut answered) = (Instant::now() + time, Vec::new());
    let mut buffer = vec![0_u8; 16 * 1024];
    while Instant::now() < end {
        let began = Instant::now();
        stream.write_all(request).await?;
        let mut filled = 0;
        let status = loop {
            let read = stream.read(buffer.get_mut(filled..).unwrap_or_default()).await?;
            if read == 0 {
                bail!("a client that did nothing wrong was cut off");
            }
            filled += read;
            if let Some(answer) = message::answer(buffer.get(..filled).unwrap_or_default())? {
                break answer.status;
            }
        };
        let took = began.elapsed();
        answered.push((u32::try_from(took.as_micros()).unwrap_or(u32::MAX), status));
        tokio::time::sleep(INTERVAL.saturating_sub(took)).await;
    }
    Ok(answered)
}
