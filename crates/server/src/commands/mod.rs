//! What each command does, one file each.

mod up;
mod serve;
mod credentials_create;
mod deploy;
mod deployment;
mod exec;
mod explain;
mod unseal;
mod check;
mod demo;
mod report;

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::Invocation;

/// Runs a command and returns its exit status.
pub(crate) fn run(invocation: Invocation) -> Result<ExitCode> {
    match invocation {
        Invocation::Up(up) => up::run(&up),
        Invocation::Serve { config } => serve::run(&config),
        Invocation::CredentialsCreate { config, account } => {
            credentials_create::run(&config, account.as_deref())
        }
        Invocation::Deploy(deploy) => deploy::run(&deploy),
        Invocation::Exec { data, command } => exec::run(&data, &command),
        Invocation::Explain { data, request_id } => explain::run(&data, request_id.as_deref()),
        Invocation::Unseal { file, data, config } => unseal::run(&file, &data, config.as_deref()),
        Invocation::Check { template, parameters } => check::run(&template, &parameters),
    }
}

/// Starts the log of the server: JSON on standard error, warnings and worse unless `PORTCULLIS_LOG` says otherwise.
fn start_log() {
    let level = match std::env::var("PORTCULLIS_LOG").as_deref() {
        Ok("debug") => tracing::Level::DEBUG,
        Ok("info") => tracing::Level::INFO,
        _ => tracing::Level::WARN,
    };
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .finish();
    drop(tracing::subscriber::set_global_default(subscriber));
}
