//! Writes the seeds of every target into folders for libFuzzer: `seeds FOLDER`.

use std::{env, fs, path::PathBuf};

use anyhow::{Context, Result};
use portcullis_fuzz_targets::TARGETS;

fn main() -> Result<()> {
    let folder: PathBuf = env::args_os().nth(1).context("say where: `seeds FOLDER`")?.into();
    for target in TARGETS {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder)?;
        for (index, seed) in (target.seeds)().iter().enumerate() {
            fs::write(folder.join(format!("seed-{index}")), seed)?;
        }
    }
    Ok(())
}
