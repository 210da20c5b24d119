//! Every target, for a short time, with inputs that are the same each run: what a stable compiler can do.
//!
//! `PORTCULLIS_FUZZ_SECONDS` says how long each runs; `PORTCULLIS_FUZZ_SEED` starts elsewhere.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use std::{
    env, fs,
    panic::{self, AssertUnwindSafe},
    path::Path,
    time::{Duration, Instant},
};

use portcullis_fuzz_targets::{Generator, TARGETS};

fn setting(name: &str, default: u64) -> u64 {
    env::var(name)
        .ok()
        .map_or(default, |value| value.parse().unwrap())
}

fn run(name: &str) {
    let time = Duration::from_secs(setting("PORTCULLIS_FUZZ_SECONDS", 1));
    let seed = setting("PORTCULLIS_FUZZ_SEED", 0x9e37_79b9_7f4a_7c15);
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty(), "nothing to start from");
    let mut generator = Generator::new(seed, seeds.clone());
    let (end, mut tried) = (Instant::now() + time, 0_u64);
    let mut given = seeds.into_iter();
    while Instant::now() < end {
        let input = given.next().unwrap_or_else(|| generator.next_input());
        let began = Instant::now();
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| (target.check)(&input)));
        let took = began.elapsed();
        assert!(
            outcome.is_ok() && took < Duration::from_secs(10),
            "{name}, seed {seed}: {took:?} for the input {}",
            input.escape_ascii()
        );
        tried += 1;
    }
    println!("{name}, seed {seed}: {tried} inputs");
}

macro_rules! tests {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })*
        const TESTED: &[&str] = &[$(stringify!($name)),*];
    };
}

tests! {
    request_head answer_head chunks http2 proxy_protocol vtl json_path java_pattern json_schema strict_json policy jwt es256 sigv4 web_acl
    inspection events cloudformation openapi package
}

#[test]
fn every_target_is_tested() {
    let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(TESTED, names);
}

/// libFuzzer's files are one a target, and none is forgotten.
#[test]
fn every_target_has_its_file() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("libfuzzer");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for target in TARGETS {
        let file = fs::read_to_string(fuzz.join(format!("fuzz_targets/{}.rs", target.name)));
        let file = file.unwrap_or_else(|_| panic!("{} has no file", target.name));
        assert!(file.contains(&format!("\"{}\"", target.name)), "{}", target.name);
        assert!(
            manifest.contains(&format!("name = \"{}\"", target.name)),
            "{}",
            target.name
        );
    }
    let files = fs::read_dir(fuzz.join("fuzz_targets")).unwrap().count();
    assert_eq!(files, TARGETS.len());
}
