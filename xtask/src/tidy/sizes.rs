//! No file over 500 lines and no function over 70, tests not counted. What is longer stands in `sizes.txt` with its
//! size, and may only shrink; an entry that is too high is a complaint too, so that the file stays true.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result};

use super::source::Source;
use crate::shell;

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
const RECORD: &str = "xtask/src/tidy/sizes.txt";
const HEADER: &str =
    "# Longer than the rules allow; these numbers only go down. `cargo xtask tidy --tighten` lowers them.\n";

pub(super) fn check(sources: &[Source], tighten: bool) -> Result<Vec<String>> {
    let recorded = read_record()?;
    let found = measure(sources);
    let mut complaints = Vec::new();
    let mut kept = BTreeMap::new();
    for (what, lines) in &found {
        match recorded.get(what) {
            Some(allowed) if lines <= allowed => {
                kept.insert(what.clone(), *lines);
                if lines < allowed && !tighten {
                    complaints.push(format!(
                        "{what}: {lines} lines, {allowed} recorded: run `cargo xtask tidy --tighten`"
                    ));
                }
            }
            Some(allowed) => {
                kept.insert(what.clone(), *allowed);
                complaints.push(format!(
                    "{what}: {lines} lines, it had {allowed} and may only shrink: split it"
                ));
            }
            None => complaints.push(format!("{what}: {lines} lines are too many: split it")),
        }
    }
    let gone = recorded.keys().filter(|what| !found.contains_key(*what));
    if tighten {
        write_record(&kept)?;
    } else {
        complaints
            .extend(gone.map(|what| format!("{what}: short now or gone: run `cargo xtask tidy --tighten`")));
    }
    Ok(complaints)
}

/// Returns what is too long: files by path, functions by path and name.
fn measure(sources: &[Source]) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for source in sources.iter().filter(|source| !source.is_test()) {
        let lines = source.production_lines();
        if lines.len() > FILE_LINES_MAX {
            found.insert(source.path.clone(), lines.len());
        }
        for (name, length) in functions(&lines) {
            if length > FUNCTION_LINES_MAX {
                found.insert(format!("{} fn {name}", source.path), length);
            }
        }
    }
    found
}

/// Finds functions in formatted code: one ends at the `}` that is as far in as its `fn`.
fn functions(lines: &[&str]) -> Vec<(String, usize)> {
    let mut functions = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let Some(name) = function_name(code) else { continue };
        let end = format!("{}}}", " ".repeat(line.len() - code.len()));
        let body = lines.iter().skip(start);
        // A declaration without a body ends at its semicolon, before any brace.
        let declared = body
            .clone()
            .position(|line| line.ends_with(';'))
            .unwrap_or(usize::MAX);
        let opened = body
            .clone()
            .position(|line| line.ends_with('{'))
            .unwrap_or(usize::MAX);
        if opened < declared
            && let Some(length) = body.clone().position(|line| *line == end)
        {
            functions.push((name.to_owned(), length.saturating_sub(opened + 1)));
        }
    }
    functions
}

fn function_name(code: &str) -> Option<&str> {
    let mut words = code.split_whitespace().peekable();
    while let Some(word) = words.next() {
        match word {
            "fn" => return words.next()?.split(['(', '<']).next(),
            "pub" | "const" | "async" | "pub(crate)" | "pub(super)" | "unsafe" | "extern" => {}
            _ if word.starts_with("pub(") => {}
            _ => return None,
        }
    }
    None
}

fn read_record() -> Result<BTreeMap<String, usize>> {
    let path = shell::root().join(RECORD);
    let text = fs::read_to_string(&path).with_context(|| format!("`{RECORD}` cannot be read"))?;
    let entries = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    entries
        .map(|line| {
            let (lines, what) = line
                .split_once(' ')
                .with_context(|| format!("`{RECORD}`: `{line}` is no entry"))?;
            Ok((what.trim().to_owned(), lines.parse()?))
        })
        .collect()
}

fn write_record(kept: &BTreeMap<String, usize>) -> Result<()> {
    let mut text = HEADER.to_owned();
    for (what, lines) in kept {
        writeln!(text, "{lines} {what}")?;
    }
    Ok(fs::write(shell::root().join(RECORD), text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_as_long_as_its_body() {
        let text = "impl A {\n    fn declared(&self);\n    pub(crate) async fn long<T>(\n        a: T,\n    ) -> u8 {\n        1;\n        if x {\n        }\n    }\n}\n";
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(functions(&lines), [("long".to_owned(), 3)]);
    }

    #[test]
    fn tests_at_the_end_of_a_file_do_not_count() {
        let source = Source {
            path: "crates/a/src/lib.rs".to_owned(),
            text: "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n".to_owned(),
        };
        assert_eq!(source.production_lines(), ["fn a() {}"]);
    }
}
