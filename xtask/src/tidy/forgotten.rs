//! A module file without its `mod` line compiles nowhere and nobody notices.

use std::collections::HashMap;

use super::source::Source;

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let by_path: HashMap<&str, &str> = sources
        .iter()
        .map(|source| (source.path.as_str(), source.text.as_str()))
        .collect();
    let forgotten = sources.iter().filter(|source| {
        let Some((parents, module)) = declaration(&source.path) else {
            return false;
        };
        !parents.iter().any(|parent| {
            by_path
                .get(parent.as_str())
                .is_some_and(|text| declares(text, &module))
        })
    });
    forgotten
        .map(|source| format!("{}: no `mod` line includes it", source.path))
        .collect()
}

/// Returns the files that may declare a module file, and its name there; none for a crate's own root.
fn declaration(path: &str) -> Option<(Vec<String>, String)> {
    let in_source = path.split_once("/src/");
    let (_, inside) = in_source.or_else(|| path.split_once("/tests/"))?;
    // Cargo finds the files right under `tests/` by itself.
    if in_source.is_none() && !inside.contains('/') {
        return None;
    }
    if inside.starts_with("bin/") || matches!(inside, "lib.rs" | "main.rs") {
        return None;
    }
    let root = path.strip_suffix(inside)?;
    let stem = inside.strip_suffix(".rs")?;
    let module = stem.strip_suffix("/mod").unwrap_or(stem);
    let (folder, name) = match module.rsplit_once('/') {
        Some((folder, name)) => (format!("{root}{folder}"), name),
        None => (root.trim_end_matches('/').to_owned(), module),
    };
    let parents = ["/mod.rs", "/lib.rs", "/main.rs", ".rs"]
        .map(|end| format!("{folder}{end}"))
        .to_vec();
    Some((parents, name.to_owned()))
}

fn declares(text: &str, module: &str) -> bool {
    let line = format!("mod {module};");
    text.lines().any(|candidate| {
        let candidate = candidate.trim();
        candidate.ends_with(&line) && !candidate.starts_with("//")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_file_without_its_line_is_found() {
        let sources = [
            source("crates/a/src/lib.rs", "pub mod b;\n"),
            source("crates/a/src/b/mod.rs", "mod c;\n#[cfg(test)]\nmod tests;\n"),
            source("crates/a/src/b/c.rs", "//! c\n"),
            source("crates/a/src/b/tests.rs", ""),
            source("crates/a/src/b/lost.rs", ""),
            source("crates/a/src/gone.rs", "// mod gone;\n"),
        ];
        let complaints = check(&sources).join("\n");
        assert!(
            complaints.contains("b/lost.rs") && complaints.contains("src/gone.rs"),
            "{complaints}"
        );
        assert_eq!(complaints.lines().count(), 2, "{complaints}");
    }
}
