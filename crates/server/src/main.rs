//! `portcullis`: every layer that guards an API, in one program.

mod acme;
mod buckets;
mod cli;
mod config;
mod commands;
mod installation;
mod local_ca;
mod outbox;
mod sealed_log;
mod service_endpoints;
mod settings;
mod client;
mod wiring;

use std::process::ExitCode;

/// A request makes and drops some fifty small things on one thread: what this allocator is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::parse().and_then(commands::run) {
        Ok(code) => code,
        Err(error) => {
            cli::complain(&error);
            ExitCode::FAILURE
        }
    }
}
