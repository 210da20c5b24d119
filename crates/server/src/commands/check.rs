//! `portcullis check`: every problem of a template with its place.

use std::{collections::BTreeMap, fs, path::Path, process::ExitCode};

use anyhow::{Context, Result};
use portcullis_model::{Problem, Severity};

use super::report::print;

/// Prints every problem; exit status 1 if there is an error.
pub(crate) fn run(template: &Path, parameters: &BTreeMap<String, String>) -> Result<ExitCode> {
    let name = template.display();
    let text = fs::read_to_string(template).with_context(|| format!("`{name}` cannot be read"))?;
    let problems = portcullis_control::stacks::check(&text, parameters);
    for problem in &problems {
        print(&format!("{name}:{problem}"));
    }
    let count = |severity| {
        problems
            .iter()
            .filter(|problem| problem.severity == severity)
            .count()
    };
    print(&format!(
        "{name}: {} errors, {} warnings, {} inert",
        count(Severity::Error),
        count(Severity::Warning),
        count(Severity::Inert)
    ));
    Ok(if problems.iter().any(Problem::is_error) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
