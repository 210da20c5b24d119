//! `test`: does everything do what it says? The workspace's own tests, then real clients against the real binary.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{clients, shell};

/// How many tests did well, and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    // Some tests run the program: it must be there, and be this one.
    shell::run(shell::cargo().args(["build", "--workspace", "--bins"]))?;
    if !arguments.is_empty() {
        return shell::run(shell::cargo().arg("test").args(arguments));
    }
    let workspace = counted(shell::cargo().args(["test", "--workspace", "--no-fail-fast"]))?;
    let clients = clients::run()?;
    let (passed, failed) = (
        workspace.passed + clients.passed,
        workspace.failed + clients.failed,
    );
    println!("\n{passed} passed, {failed} failed");
    if failed > 0 {
        bail!("{failed} tests failed");
    }
    Ok(())
}

/// Runs tests, their output shown, and adds up what their closing lines say.
pub(crate) fn counted(command: &mut Command) -> Result<Count> {
    println!("$ {}", format!("{command:?}").replace('"', ""));
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("the tests cannot be started")?;
    let output = child.stdout.take().context("the tests have no output")?;
    let mut count = Count::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        println!("{line}");
        if is_closing(&line) {
            count.passed += number_before(&line, " passed");
            count.failed += number_before(&line, " failed") + number_before(&line, " error");
        }
    }
    let status = child.wait()?;
    if !status.success() && count.failed == 0 {
        // What does not compile, or ends early, closes nothing.
        count.failed = 1;
    }
    Ok(count)
}

/// `test result: ok. 3 passed; 0 failed; …` of libtest, `3 passed, 1 failed in 0.12s` of pytest.
fn is_closing(line: &str) -> bool {
    line.starts_with("test result: ")
        || (line.contains(" in ") && line.starts_with(|first: char| first.is_ascii_digit()))
}

fn number_before(line: &str, word: &str) -> u64 {
    let digits = |text: &str| {
        text.rsplit(|end: char| !end.is_ascii_digit())
            .next()
            .and_then(|last| last.parse().ok())
    };
    line.split_once(word)
        .and_then(|(before, _)| digits(before))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_counted() {
        for (line, passed, failed) in [
            ("test result: FAILED. 12 passed; 3 failed; 0 ignored", 12, 3),
            ("1 failed, 91 passed in 64.00s (0:01:04)", 91, 1),
            ("4 passed, 2 errors in 0.1s", 4, 2),
        ] {
            assert!(is_closing(line), "{line}");
            assert_eq!(number_before(line, " passed"), passed, "{line}");
            assert_eq!(
                number_before(line, " failed") + number_before(line, " error"),
                failed,
                "{line}"
            );
        }
        assert!(!is_closing("test conformance::passed ... ok"));
    }
}
