//! How much memory is a process's own?

use std::fs;

use anyhow::{Context, Result};

/// Returns the proportional resident bytes of a process: pages that it shares count in part.
pub(super) fn proportional(process: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    Ok(kibibytes.context("this kernel does not tell `Pss`")? * 1024)
}
