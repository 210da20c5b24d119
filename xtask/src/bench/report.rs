//! Tables for the terminal and for docs/performance.md, each recipe between its own markers.

use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result};

use super::contest::Outcome;
use super::machine;
use super::options::Options;
use crate::shell;

const PAGE: &str = "docs/performance.md";
const NEW_PAGE: &str = "# Performance\n\nMeasured by the commands that stand over each table; `cargo xtask bench --help` says how. Processor time is user and\nsystem time of the proxy, all its threads and processes, divided by requests. Proxy on core 1, client and backend on\ncore 0, loopback, keep-alive, small JSON. Ratios are medians over half rounds, each against the first line's run in the\nsame half round.\n";

/// Returns one contest as a Markdown table.
pub(super) fn table(outcome: &Outcome) -> String {
    let mut text = format!("### {}\n{}\n\n", outcome.name, outcome.explanation);
    text.push_str(
        "| | CPU µs/request | × first line | requests/s | p50 µs | p99 µs |\n|--|--:|--:|--:|--:|--:|\n",
    );
    for row in &outcome.rows {
        let _ = writeln!(
            text,
            "| {} | {:.2} | {:.2} | {:.0} | {:.0} | {:.0} |",
            row.name, row.processor_us, row.ratio, row.per_second, row.p50_us, row.p99_us
        );
    }
    text
}

/// Returns what `bench` writes.
pub(super) fn section(outcomes: &[Outcome], options: &Options) -> String {
    let tables: Vec<String> = outcomes.iter().map(table).collect();
    format!(
        "## Processor time\n\n{}\n\n{}",
        origin("bench", options),
        tables.join("\n")
    )
}

/// Says which command made the numbers, when and where.
pub(super) fn origin(recipe: &str, options: &Options) -> String {
    let command = format!("cargo xtask {recipe} {}", options.typed);
    let (command, busy) = (command.trim(), &options.load_average);
    let (today, machine) = (machine::today(), machine::describe());
    format!("`{command}`, {today}, {machine}, load average before the run {busy}.")
}

/// Replaces what stands between the markers of `recipe`.
pub(super) fn write(recipe: &str, text: &str) -> Result<()> {
    let path = shell::root().join(PAGE);
    let page = fs::read_to_string(&path).unwrap_or_else(|_| NEW_PAGE.to_owned());
    fs::create_dir_all(path.parent().context("the page has no folder")?)?;
    fs::write(&path, replaced(&page, recipe, text))?;
    println!("written to {PAGE}");
    Ok(())
}

fn replaced(page: &str, recipe: &str, text: &str) -> String {
    let (begin, end) = (
        format!("<!-- {recipe}: begin -->"),
        format!("<!-- {recipe}: end -->"),
    );
    let part = format!("{begin}\n{}\n{end}", text.trim());
    let around = page
        .split_once(&begin)
        .and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    match around {
        Some((before, after)) => format!("{before}{part}{after}"),
        None => format!("{}\n\n{part}\n", page.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_replaces_only_its_own_part() {
        let page = replaced("# Page\n", "bench", "one");
        let page = replaced(&page, "other", "two");
        let page = replaced(&page, "bench", "three");
        assert_eq!(
            page,
            "# Page\n\n<!-- bench: begin -->\nthree\n<!-- bench: end -->\n\n<!-- other: begin -->\ntwo\n<!-- other: end -->\n"
        );
    }
}
