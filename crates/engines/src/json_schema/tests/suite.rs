//! The JSON Schema Test Suite, drafts 4 and 7, but for a written list.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::super::{Documents, Schema};

/// What does not hold here, and why: file, what the group or `group: test` begins with, reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("draft7/format.json", "idn-email format", IDN),
    ("draft7/format.json", "idn-hostname format", IDN),
    ("draft7/optional/format/idn-email.json", "", IDN),
    ("draft7/optional/format/idn-hostname.json", "", IDN),
];
const IDN: &str = "internationalised names need tables of Unicode that the build leaves out: such a schema is refused, not ignored";

#[derive(Default)]
struct Tally {
    passed: usize,
    excepted: usize,
    failed: Vec<String>,
    used: BTreeSet<usize>,
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "json") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The suite's schemas leave their draft to their folder.
fn of_draft(mut schema: Value, draft: &str) -> Value {
    if let Some(members) = schema.as_object_mut() {
        let own = members.get("$schema").and_then(Value::as_str);
        if own.is_none() {
            members.insert("$schema".into(), draft.into());
        }
    }
    schema
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn remotes(root: &Path, own: &str, draft: &str) -> Documents {
    let texts: BTreeMap<String, String> = files(root)
        .iter()
        .map(|path| {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            let other = (name.starts_with("draft") || name.starts_with("v1")) && !name.starts_with(own);
            let document = read(path);
            let document = if other {
                document
            } else {
                of_draft(document, draft)
            };
            (format!("http://localhost:1234/{name}"), document.to_string())
        })
        .collect();
    Documents::new(texts.iter().map(|(url, text)| (url.clone(), text.as_str())))
}

impl Tally {
    fn note(&mut self, file: &str, name: &str, held: bool, said: &str) {
        if held {
            self.passed += 1;
            return;
        }
        let known = EXCEPTIONS
            .iter()
            .position(|(of, begins, _)| *of == file && name.starts_with(begins));
        match known {
            Some(at) => {
                self.used.insert(at);
                self.excepted += 1;
            }
            None => self.failed.push(format!("{file}: {name} ({said})")),
        }
    }
}

fn run(suite: &Path, own: &str, draft: &str, tally: &mut Tally) {
    let documents = remotes(&suite.join("remotes"), own, draft);
    let folder = suite.join("tests").join(own);
    for path in files(&folder) {
        let file = path.strip_prefix(&folder).unwrap().to_str().unwrap();
        let file = format!("{own}/{file}");
        for group in read(&path).as_array().unwrap() {
            let schema = of_draft(group["schema"].clone(), draft);
            let compiled = Schema::build(&schema, None, &documents);
            for test in group["tests"].as_array().unwrap() {
                let name = format!(
                    "{}: {}",
                    group["description"].as_str().unwrap(),
                    test["description"].as_str().unwrap()
                );
                match &compiled {
                    Ok(compiled) => {
                        let held = compiled.is_valid(&test["data"]) == test["valid"].as_bool().unwrap()
                            && compiled.check(&test["data"]).is_ok() == compiled.is_valid(&test["data"]);
                        tally.note(&file, &name, held, "wrong verdict");
                    }
                    Err(problem) => tally.note(&file, &name, false, &problem.to_string()),
                }
            }
        }
    }
}

#[test]
fn json_schema_test_suite_passes_but_for_the_list() {
    let Ok(vectors) = std::env::var("PORTCULLIS_VECTORS") else {
        println!("SKIPPED: PORTCULLIS_VECTORS is not set");
        return;
    };
    let suite = Path::new(&vectors).join("json-schema");
    let mut tally = Tally::default();
    run(
        &suite,
        "draft4",
        "http://json-schema.org/draft-04/schema#",
        &mut tally,
    );
    run(
        &suite,
        "draft7",
        "http://json-schema.org/draft-07/schema#",
        &mut tally,
    );
    println!("{} pass, {} are on the list", tally.passed, tally.excepted);
    assert!(tally.failed.is_empty(), "{:#?}", tally.failed);
    let stale: Vec<_> = (0..EXCEPTIONS.len())
        .filter(|at| !tally.used.contains(at))
        .map(|at| EXCEPTIONS[at])
        .collect();
    assert!(stale.is_empty(), "on the list without need: {stale:#?}");
    assert!(tally.passed > 1_000);
}
