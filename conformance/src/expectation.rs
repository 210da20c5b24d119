//! Whether an answer or a trail is what a case says. Bodies that are JSON are compared as JSON.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::http::Answer;

/// Holds an answer to the text of an `answer` section: status, header lines, an empty line, the body.
pub fn check_answer(expected: &str, answer: &Answer) -> Result<()> {
    let (head, body) = expected.split_once("\n\n").unwrap_or((expected, ""));
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default();
    let seen = || {
        format!(
            "answered {} {:?} {}",
            answer.status,
            answer.headers,
            answer.text()
        )
    };
    ensure!(
        status == answer.status.to_string(),
        "expected {status}: {}",
        seen()
    );
    for line in lines {
        check_header(line, answer).with_context(seen)?;
    }
    check_body(body, &answer.text()).with_context(seen)
}

fn check_header(line: &str, answer: &Answer) -> Result<()> {
    if let Some(name) = line.strip_prefix('!') {
        let have = answer.header(name);
        ensure!(have.is_none(), "header `{name}` is there");
        return Ok(());
    }
    let (name, value) = line
        .split_once(": ")
        .with_context(|| format!("`{line}` is no header"))?;
    let have = answer
        .header(name)
        .with_context(|| format!("no header `{name}`"))?;
    ensure!(matches(value, have), "header `{name}` is `{have}`, not `{value}`");
    Ok(())
}

/// `*` is anything, `~text` is anything that holds the text.
fn matches(expected: &str, have: &str) -> bool {
    match expected.strip_prefix('~') {
        Some(part) => have.contains(part),
        None => expected == "*" || expected == have,
    }
}

fn check_body(expected: &str, have: &str) -> Result<()> {
    if expected.is_empty() {
        return Ok(());
    }
    if expected == "(empty)" {
        ensure!(have.is_empty(), "the body is not empty");
        return Ok(());
    }
    match (
        serde_json::from_str::<Value>(expected),
        serde_json::from_str::<Value>(have),
    ) {
        (Ok(expected), Ok(have)) => check_json("$", &expected, &have),
        _ => {
            ensure!(matches(expected, have.trim_end()), "the body differs");
            Ok(())
        }
    }
}

/// Compares JSON. A text may be a pattern as in headers; an object with the member `...` may hold more than it names.
pub fn check_json(place: &str, expected: &Value, have: &Value) -> Result<()> {
    match (expected, have) {
        (Value::Object(expected), Value::Object(members)) => {
            let open = expected.contains_key("...");
            for (name, value) in expected.iter().filter(|(name, _)| *name != "...") {
                let found = members
                    .get(name)
                    .with_context(|| format!("{place}: no member `{name}`"))?;
                check_json(&format!("{place}.{name}"), value, found)?;
            }
            let more = members.keys().find(|name| !open && !expected.contains_key(*name));
            ensure!(more.is_none(), "{place}: an unexpected member {more:?}");
        }
        (Value::Array(expected), Value::Array(items)) => {
            ensure!(
                expected.len() == items.len(),
                "{place}: {} items, not {}",
                items.len(),
                expected.len()
            );
            for (index, (expected, item)) in expected.iter().zip(items).enumerate() {
                check_json(&format!("{place}[{index}]"), expected, item)?;
            }
        }
        (Value::String(expected), Value::String(have)) => {
            ensure!(matches(expected, have), "{place}: `{have}`, not `{expected}`");
        }
        (Value::String(any), _) if any == "*" => {}
        _ => ensure!(expected == have, "{place}: {have}, not {expected}"),
    }
    Ok(())
}

/// Holds a trail to the lines of a `trail` section: layer, outcome and a part of the reason. The steps named must come in
/// that order; others may stand between them.
pub fn check_trail(expected: &str, trail: &Value) -> Result<()> {
    let steps = trail
        .get("steps")
        .and_then(Value::as_array)
        .context("the trail has no steps")?;
    let mut rest = steps.iter();
    for line in expected.lines().filter(|line| !line.trim().is_empty()) {
        let (layer, tail) = line
            .trim()
            .split_once(char::is_whitespace)
            .with_context(|| format!("`{line}`"))?;
        let tail = tail.trim_start();
        let (outcome, reason) = tail.split_once(char::is_whitespace).unwrap_or((tail, ""));
        let found = rest.any(|step| {
            let text = |name: &str| step.get(name).and_then(Value::as_str).unwrap_or_default();
            text("layer") == layer && text("outcome") == outcome && text("reason").contains(reason.trim())
        });
        ensure!(found, "the trail does not say `{line}` in its place: {steps:#?}");
    }
    Ok(())
}
