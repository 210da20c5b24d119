//! `check`: does the source keep to its form?

use anyhow::Result;

use crate::{shell, tidy};

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let fix = arguments.iter().any(|argument| argument == "--fix");
    let mut format = shell::cargo();
    format.args(["fmt", "--all"]);
    if !fix {
        format.arg("--check");
    }
    shell::run(&mut format)?;
    shell::run(shell::cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    tidy::run(&if fix {
        vec!["--tighten".to_owned()]
    } else {
        Vec::new()
    })
}
