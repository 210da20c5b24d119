//! The project's recipes. One file each; `cargo xtask help` lists them.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "recipes are run by people at a terminal"
)]

mod shell;
mod check;
mod test;
mod clients;
mod tidy;
mod bench;
mod ci;

use std::process::ExitCode;

use anyhow::{Result, bail};

/// A recipe: what to type, what it does in one line, what it runs.
struct Recipe {
    name: &'static str,
    help: &'static str,
    run: fn(&[String]) -> Result<()>,
}

/// At most ten: more than that nobody remembers.
const RECIPES: [Recipe; 7] = [
    Recipe {
        name: "check",
        help: "formatting, clippy without warnings, tidy; `check --fix` formats and tightens instead of complaining",
        run: check::run,
    },
    Recipe {
        name: "test",
        help: "all tests, real clients included; further words go to `cargo test`: `cargo xtask test -p portcullis-engines vtl`",
        run: test::run,
    },
    Recipe {
        name: "tidy",
        help: "sizes, arrows between crates, forgotten files, names; `tidy --tighten` lowers recorded sizes",
        run: tidy::run,
    },
    Recipe {
        name: "bench",
        help: "CPU per request beside nginx and Envoy, into docs/performance.md; `bench --help` for its options",
        run: bench::run,
    },
    Recipe {
        name: "bench-instructions",
        help: "instructions per request, counted by callgrind, into docs/performance.md",
        run: bench::instructions::run,
    },
    Recipe {
        name: "bench-floods",
        help: "other clients' latency beside floods, and the memory of idle connections",
        run: bench::floods::run,
    },
    Recipe {
        name: "ci",
        help: "what CI runs: check, then test",
        run: ci::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<()> {
    let Some((name, rest)) = arguments.split_first() else {
        print_help();
        return Ok(());
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        print_help();
        return Ok(());
    }
    match RECIPES.iter().find(|recipe| recipe.name == name) {
        Some(recipe) => (recipe.run)(rest),
        None => bail!("there is no recipe `{name}`, see `cargo xtask help`"),
    }
}

fn print_help() {
    println!("cargo xtask RECIPE [OPTIONS]\n");
    for recipe in &RECIPES {
        println!("  {:<20} {}", recipe.name, recipe.help);
    }
    println!(
        "\nBefore a commit: `cargo xtask check` and `cargo xtask test`. Numbers: `cargo build --release`, then"
    );
    println!(
        "`cargo xtask bench`. A recipe is one file in xtask/src and one entry in the list in xtask/src/main.rs."
    );
}
