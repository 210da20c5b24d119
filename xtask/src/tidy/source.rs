//! The Rust files of the workspace.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::shell;

/// One file; its path is relative to the root, with `/`.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    /// Tells whether all of it is tests.
    pub(super) fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/")
            || self.path.starts_with("conformance/")
    }

    /// Returns the lines before the tests that stand at the end of a file.
    pub(super) fn production_lines(&self) -> Vec<&str> {
        let lines: Vec<&str> = self.text.lines().collect();
        let inline_tests = |pair: &[&str]| matches!(pair, [first, second] if *first == "#[cfg(test)]" && second.starts_with("mod ") && second.ends_with('{'));
        let end = lines.windows(2).position(inline_tests).unwrap_or(lines.len());
        lines.into_iter().take(end).collect()
    }
}

pub(super) fn read_all() -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for folder in ["crates", "conformance", "xtask", "fuzz"] {
        collect(&shell::root().join(folder), &mut sources)?;
    }
    sources.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(sources)
}

fn collect(folder: &Path, sources: &mut Vec<Source>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
            collect(&path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text =
                fs::read_to_string(&path).with_context(|| format!("`{}` cannot be read", path.display()))?;
            let relative = path
                .strip_prefix(shell::root())
                .unwrap_or(&path)
                .to_string_lossy()
                .replace('\\', "/");
            sources.push(Source { path: relative, text });
        }
    }
    Ok(())
}
