//! The quickstart exactly as the README shows it: what `up --demo` prints is run as printed.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use conformance::{
    server::{Folder, Server, repository},
    world::Suite,
};
use serde_json::{Value, json};

/// Runs both `curl` lines from another directory.
pub(crate) fn curl_lines(_: &Suite) -> Result<()> {
    let folder = Folder::new()?;
    let elsewhere = Folder::new()?;
    let template = repository().join("examples/quickstart/template.yaml");
    let server = Server::up(
        &folder.path().join("data"),
        &[template.to_str().context("path")?, "--demo"],
    )?;
    let printed = server.printed();
    let lines: Vec<&str> = printed.lines().filter(|line| line.starts_with("curl ")).collect();
    let [refused, admitted] = lines.as_slice() else {
        anyhow::bail!("expected two lines that start with `curl `: {printed}");
    };
    ensure!(!printed.contains('\u{1b}'), "colour codes: {printed}");
    let (status, body) = run(refused, &elsewhere)?;
    ensure!(
        status == "401" && body == json!({ "message": "Unauthorized" }),
        "{refused}: {status} {body}"
    );
    let (status, body) = run(admitted, &elsewhere)?;
    ensure!(
        status == "200" && body.to_string().contains('@'),
        "{admitted}: {status} {body}"
    );
    server.stop()
}

/// Runs the line as printed for its body, and again for its status.
fn run(line: &str, folder: &Folder) -> Result<(String, Value)> {
    let shell = |line: &str| -> Result<String> {
        let output = Command::new("sh")
            .args(["-c", line])
            .current_dir(folder.path())
            .output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let printed = shell(line)?;
    let start = printed
        .find('{')
        .with_context(|| format!("{line} printed `{printed}`"))?;
    let json = printed.get(start..).unwrap_or_default();
    let mut values = serde_json::Deserializer::from_str(json).into_iter::<Value>();
    let body = values
        .next()
        .with_context(|| format!("{line} printed `{printed}`"))??;
    let status = shell(&format!("{line} -s -o /dev/null -w '%{{http_code}}'"))?;
    Ok((
        status
            .chars()
            .rev()
            .take(3)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect(),
        body,
    ))
}
