//! Which crate may use which? The table of the design, section 4; a `Cargo.toml` that has more is wrong.

use std::fs;

use anyhow::{Context, Result};

use crate::shell;

/// A crate and what of ours it may use. Tests may use anything that stands above.
const ARROWS: [(&str, &[&str]); 12] = [
    ("model", &[]),
    ("engines", &["model"]),
    ("firewall", &["model"]),
    ("store", &["model"]),
    ("egress", &["model"]),
    ("vault", &["store", "engines", "model"]),
    ("gateway", &["engines", "firewall", "egress", "model"]),
    ("identity", &["vault", "store", "egress", "engines", "model"]),
    ("functions", &["egress", "model"]),
    ("events", &["vault", "store", "egress", "engines", "model"]),
    (
        "control",
        &[
            "events",
            "functions",
            "identity",
            "vault",
            "egress",
            "store",
            "firewall",
            "engines",
            "model",
        ],
    ),
    (
        "server",
        &[
            "control",
            "events",
            "functions",
            "identity",
            "gateway",
            "vault",
            "egress",
            "store",
            "firewall",
            "engines",
            "model",
        ],
    ),
];

pub(super) fn check() -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for entry in fs::read_dir(shell::root().join("crates"))? {
        let folder = entry?.path();
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let manifest = folder.join("Cargo.toml");
        if !manifest.is_file() {
            continue;
        }
        let text = fs::read_to_string(&manifest)
            .with_context(|| format!("`{}` cannot be read", manifest.display()))?;
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == name) else {
            complaints.push(format!(
                "crates/{name}: the design has no such crate; add it to both"
            ));
            continue;
        };
        let used = used_crates(&text);
        let forbidden = used.iter().filter(|used| !allowed.contains(&used.as_str()));
        complaints.extend(forbidden.map(|used| {
            format!(
                "crates/{name}/Cargo.toml: `{name}` may not use `{used}`; make it a trait in its `ports.rs`"
            )
        }));
    }
    complaints.sort();
    Ok(complaints)
}

/// Returns the crates of ours under `[dependencies]`.
fn used_crates(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut used = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.trim() == "[dependencies]";
        } else if let Some(rest) = line.strip_prefix("portcullis-").filter(|_| inside) {
            used.extend(rest.split(['.', ' ', '=']).next().map(str::to_owned));
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dependencies_of_production_code_are_arrows() {
        let manifest = "[dependencies]\nportcullis-model.workspace = true\nserde.workspace = true\n\n[dev-dependencies]\nportcullis-store = { workspace = true }\n";
        assert_eq!(used_crates(manifest), ["model"]);
    }
}
