//! `portcullis explain`: which layer decided what about a request, why, and how long it took.

use std::{fmt::Write as _, path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};
use portcullis_model::trail::{Outcome, Trail};

use super::report::print;
use crate::{
    client::AdminClient,
    installation::{Endpoints, Installation},
};

/// Characters of the column of layers, at least.
const LAYER_WIDTH_MIN: usize = 12;

/// Prints the trail of a request, or of the newest.
pub(crate) fn run(data: &Path, request_id: Option<&str>) -> Result<ExitCode> {
    let endpoints = Endpoints::read(&Installation::existing(data)?)?;
    let which = request_id.unwrap_or("last");
    if !which
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        bail!("`{which}` is not a request id");
    }
    let answer = AdminClient::new(&endpoints)?.get("portcullis", &format!("/_portcullis/trails/{which}"))?;
    match answer.status {
        200 => {
            let trail: Trail =
                serde_json::from_str(&answer.body).context("the server's answer is not a trail")?;
            print(&render(&trail));
            Ok(ExitCode::SUCCESS)
        }
        404 => bail!("no trail of `{which}` is kept: only those of the newest requests are"),
        status => bail!("the server answered {status}: {}", answer.body),
    }
}

fn render(trail: &Trail) -> String {
    let mut text = format!(
        "request   {}\nat        {}\nthrough   {} from {}\nasked     {} {}{}\nanswered  {} in {}\n",
        trail.request_id,
        trail.started.iso8601(),
        trail.listener,
        trail.source,
        trail.method,
        trail.host,
        trail.path,
        trail.status,
        duration(trail.elapsed_ns),
    );
    let names = trail.steps.iter().map(|step| step.layer.len());
    let width = names.max().unwrap_or_default().max(LAYER_WIDTH_MIN);
    for step in &trail.steps {
        let outcome = match step.outcome {
            Outcome::Continue => "continue",
            Outcome::Answer => "answer",
            Outcome::Refuse => "REFUSE",
            Outcome::ObserveRefuse => "would refuse",
        };
        let (layer, took, reason) = (&step.layer, duration(step.elapsed_ns), &step.reason);
        let _ = write!(text, "\n  {layer:<width$} {outcome:<12} {took:>9}  {reason}");
    }
    text
}

fn duration(nanoseconds: u64) -> String {
    match nanoseconds {
        0..1_000 => format!("{nanoseconds} ns"),
        1_000..1_000_000 => format!("{:.1} µs", nanoseconds as f64 / 1e3),
        _ => format!("{:.1} ms", nanoseconds as f64 / 1e6),
    }
}
