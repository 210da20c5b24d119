//! `test`: does everything do what it says?

use anyhow::Result;

use crate::shell;

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut command = shell::cargo();
    command.arg("test");
    if !arguments
        .iter()
        .any(|argument| argument == "-p" || argument == "--package")
    {
        command.arg("--workspace");
    }
    shell::run(command.args(arguments))
}
