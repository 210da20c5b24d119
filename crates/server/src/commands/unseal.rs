//! `portcullis unseal FILE`: prints what a sealed log holds. Needs the root key, and no server.

use std::{
    fs::File,
    io::{self, BufReader, Write as _},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context as _, Result, ensure};
use portcullis_model::SystemEntropy;
use portcullis_vault::Vault;

use super::start_log;
use crate::{config::Config, installation::ROOT_KEY, sealed_log};

/// Prints the lines of `file` to standard output.
pub(crate) fn run(file: &Path, data: &Path, config: Option<&Path>) -> Result<ExitCode> {
    start_log();
    let root_key = match config {
        Some(config) => Config::read(config)?.root_key().to_owned(),
        None => data.join(ROOT_KEY),
    };
    ensure!(
        root_key.exists(),
        "`{}`: there is no root key; name the data directory with --data, or the configuration of `serve` with --config",
        root_key.display()
    );
    let vault = Vault::open_or_create(&root_key, Arc::new(SystemEntropy))?;
    let name = file.display();
    let sealed = File::open(file).with_context(|| format!("`{name}` cannot be read"))?;
    let mut out = io::stdout().lock();
    let torn = sealed_log::open(BufReader::new(sealed), &vault, &mut out)
        .with_context(|| format!("`{name}` cannot be opened"))?;
    out.flush()?;
    if torn {
        tracing::warn!("`{name}`: the last line is not whole and is left out");
    }
    Ok(ExitCode::SUCCESS)
}
