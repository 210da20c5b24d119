//! Plays one case: its calls and requests in order, each answer held to what the file says.

use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use conformance::{
    case::{Case, Step},
    expectation::{check_answer, check_trail},
    http::Answer,
    world::{Suite, World},
};

/// Plays `case`.
pub(crate) fn play(suite: &Suite, case: &Case) -> Result<()> {
    let mut world = World::new(suite, &case.name, case.template.as_deref())?;
    let mut last: Option<Answer> = None;
    for (index, step) in case.steps.iter().enumerate() {
        let place = || format!("section {}", index + 1);
        match step {
            Step::Call { operation, input } => {
                let input = serde_json::from_str(&world.fill(input)?).with_context(place)?;
                suite.admin.cognito_done(operation, &input).with_context(place)?;
            }
            Step::Request { from, text } => {
                last = Some(send(suite, *from, &world.fill(text)?).with_context(place)?);
            }
            Step::Raw(text) => {
                let bytes = unescaped(&world.fill(text)?);
                last = Some(suite.exchange(&bytes).with_context(place)?);
            }
            Step::Answer(text) => {
                let answer = last.as_ref().context("an answer before a request")?;
                check_answer(&world.fill(text)?, answer).with_context(place)?;
            }
            Step::Trail(text) => {
                let answer = last.as_ref().context("a trail before a request")?;
                let id = answer
                    .header("x-amzn-requestid")
                    .or_else(|| answer.header("apigw-requestid"))
                    .context("the answer has no x-amzn-RequestId")?;
                check_trail(&world.fill(text)?, &suite.admin.trail(id)?).with_context(place)?;
            }
        }
    }
    Ok(())
}

fn send(suite: &Suite, from: Ipv4Addr, text: &str) -> Result<Answer> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    let (method, target) = first
        .split_once(' ')
        .with_context(|| format!("`{first}` is no request line"))?;
    let header = |line: &str| {
        let (name, value) = line
            .split_once(": ")
            .with_context(|| format!("`{line}` is no header"))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    let headers: Vec<(String, String)> = lines.map(header).collect::<Result<_>>()?;
    suite.send(from, method, target, &headers, body.as_bytes())
}

/// Line ends of the file count for nothing; `\r`, `\n`, `\t` and `\0` are what they say.
fn unescaped(text: &str) -> Vec<u8> {
    let joined: String = text.lines().collect();
    joined
        .replace("\\r", "\r")
        .replace("\\n", "\n")
        .replace("\\t", "\t")
        .replace("\\0", "\0")
        .into_bytes()
}
