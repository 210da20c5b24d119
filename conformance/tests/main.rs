//! Every case of `cases/` and every check of `checks/` against the real binary, each a test of its own name.
//! An argument runs only those whose name holds it.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the report of a test binary"
)]

mod checks;
mod play;

use std::{
    path::Path,
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use anyhow::Result;
use conformance::{
    backend, case,
    server::{Folder, Server},
    world::Suite,
};

/// Cases wait for the server more than they compute.
const THREADS: usize = 4;

struct Test<'a> {
    name: String,
    run: Box<dyn Fn() -> Result<()> + Send + Sync + 'a>,
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("the suite cannot run: {error:#}\ntest result: FAILED. 0 passed; 1 failed");
            ExitCode::FAILURE
        }
    }
}

/// The networks that private APIs answer to in cases: 127.0.0.1 comes through one VPC endpoint, 127.0.0.2 and 127.0.0.3
/// through another, any other address through none.
const VPC_ENDPOINTS: [&str; 4] = [
    "--vpc-endpoint",
    "vpce-00000001=vpc-00000001:127.0.0.1/32",
    "--vpc-endpoint",
    "vpce-00000002=vpc-00000002:127.0.0.2/31",
];

fn run() -> Result<bool> {
    let filters: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let folder = Folder::new()?;
    let data = folder.path().join("data");
    let backend = backend::start()?;
    let mut bindings = backend::bindings(backend);
    bindings.extend(backend::upstreams(backend)?);
    let arguments: Vec<&str> = bindings.iter().map(String::as_str).chain(VPC_ENDPOINTS).collect();
    let suite = Suite::new(Server::up(&data, &arguments)?, backend)?;
    let cases = case::read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"))?;
    let mut tests: Vec<Test<'_>> = Vec::new();
    for (name, check) in checks::ALL {
        tests.push(Test {
            name: format!("checks/{name}"),
            run: Box::new(|| check(&suite)),
        });
    }
    for case in &cases {
        tests.push(Test {
            name: case.name.clone(),
            run: Box::new(|| play::play(&suite, case)),
        });
    }
    let all = tests.len();
    tests.retain(|test| {
        filters.is_empty() || filters.iter().any(|filter| test.name.contains(filter.as_str()))
    });
    let failures = run_all(&tests);
    let (passed, left_out) = (tests.len() - failures.len(), all - tests.len());
    drop(tests);
    let ended = suite.server.stop();
    for (name, error) in &failures {
        println!("\n---- {name} ----\n{error:#}");
    }
    if let Err(error) = &ended {
        println!("\nthe server did not stop well: {error:#}");
    }
    let failed = failures.len() + usize::from(ended.is_err());
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; {left_out} filtered out"
    );
    Ok(failed == 0)
}

fn run_all(tests: &[Test<'_>]) -> Vec<(String, anyhow::Error)> {
    println!("\nrunning {} tests", tests.len());
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(test) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let started = Instant::now();
                    let result = (test.run)();
                    let word = if result.is_ok() { "ok" } else { "FAILED" };
                    println!(
                        "test {} ... {word} ({} ms)",
                        test.name,
                        started.elapsed().as_millis()
                    );
                    if let Err(error) = result {
                        failures
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push((test.name.clone(), error));
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    failures.sort_by(|one, other| one.0.cmp(&other.0));
    failures
}
