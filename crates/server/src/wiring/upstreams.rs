//! Looks whether the servers behind VPC links are healthy, on a thread of its own, as long as the process runs.

use std::thread;

use anyhow::{Context as _, Result};
use portcullis_egress::{AddressPolicy, Client, ClientConfig};
use portcullis_gateway::upstreams::{HEALTH_INTERVAL, Upstreams};

/// Starts looking, if there is anything to look at.
pub(super) fn watch((upstreams, integrations): &(Upstreams, ClientConfig)) -> Result<()> {
    if upstreams.is_empty() {
        return Ok(());
    }
    let upstreams = upstreams.clone();
    let config = ClientConfig {
        policy: AddressPolicy::Only(upstreams.addresses()),
        ..integrations.clone()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let look = move || {
        runtime.block_on(async {
            let client = Client::new(config);
            loop {
                upstreams.check(&client).await;
                tokio::time::sleep(HEALTH_INTERVAL).await;
            }
        });
    };
    let thread = thread::Builder::new().name("upstreams".into());
    thread
        .spawn(look)
        .map(drop)
        .context("no thread for health checks")
}
