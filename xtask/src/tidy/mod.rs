//! `tidy`: what rustfmt and clippy do not see. Sizes of files and functions (as a ratchet), arrows between crates,
//! module files that nobody includes, names that say nothing, notes to oneself.

mod arrows;
mod forgotten;
mod names;
mod notes;
mod sizes;
mod source;

use anyhow::{Result, bail};

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let tighten = arguments.iter().any(|argument| argument == "--tighten");
    let sources = source::read_all()?;
    let mut complaints = sizes::check(&sources, tighten)?;
    complaints.extend(arrows::check()?);
    complaints.extend(forgotten::check(&sources));
    complaints.extend(names::check(&sources));
    complaints.extend(notes::check(&sources));
    if complaints.is_empty() {
        println!("tidy: {} files, nothing to complain about", sources.len());
        return Ok(());
    }
    for complaint in &complaints {
        println!("{complaint}");
    }
    bail!("tidy has {} complaints", complaints.len());
}
