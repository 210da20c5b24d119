//! `portcullis`: every layer that guards an API, in one program.

mod cli;
mod config;
mod commands;
mod installation;
mod local_ca;
mod outbox;
mod settings;
mod client;
mod wiring;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::parse().and_then(commands::run) {
        Ok(code) => code,
        Err(error) => {
            cli::complain(&error);
            ExitCode::FAILURE
        }
    }
}
