//! `portcullis serve`: production. Nothing implicit, no forward proxy, no generated CA.

use std::{path::Path, process::ExitCode, sync::Arc};

use anyhow::{Result, ensure};
use tokio::signal::unix::{SignalKind, signal};

use crate::{config::Config, installation::Installation, wiring::Server};

/// Runs until a signal.
pub(crate) fn run(config: &Path) -> Result<ExitCode> {
    let config = Config::read(config)?;
    super::start_log();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(serve(&config))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: &Config) -> Result<()> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    ensure!(
        config.data.is_dir(),
        "there is no data directory `{}`: `portcullis credentials create` makes it, with the first access key",
        config.data.display()
    );
    let installation = Installation::existing(&config.data)?;
    let certificates = Arc::new(config.certificates()?);
    let (server, addresses) = Server::assemble(&config.settings()?, &installation).await?;
    let running = server.start(certificates, None)?;
    tracing::info!(public = %addresses.public, admin = %addresses.admin, "ready");
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}
