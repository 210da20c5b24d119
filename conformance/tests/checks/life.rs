//! How the program starts, continues and stops.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use conformance::{
    server::{Folder, Server, program, repository},
    world::Suite,
};
use serde_json::{Value, json};

/// Starts with nothing to deploy.
pub(crate) fn starts_and_stops(_: &Suite) -> Result<()> {
    let folder = Folder::new()?;
    let server = Server::up(&folder.path().join("data"), &[])?;
    ensure!(server.endpoints.stacks.is_empty(), "stacks out of nowhere");
    ensure!(
        !server.printed().contains('\u{1b}'),
        "colour codes: {}",
        server.printed()
    );
    server.stop()
}

/// Starts twice on one directory.
pub(crate) fn continues(_: &Suite) -> Result<()> {
    let folder = Folder::new()?;
    let data = folder.path().join("data");
    let template = repository().join("examples/quickstart/template.yaml");
    let template = template.to_str().context("path")?;
    let first = Server::up(&data, &[template])?;
    let before = (
        first.endpoints.stacks.clone(),
        fs::read_to_string(&first.endpoints.credentials)?,
    );
    let ca = fs::read_to_string(&first.endpoints.ca)?;
    let pools = first
        .admin()?
        .cognito_done("ListUserPools", &json!({ "MaxResults": 10 }))?;
    let pool = pools.pointer("/UserPools/0/Id").context("no pool")?.clone();
    let user = json!({ "UserPoolId": pool, "Username": "kept@example.com", "MessageAction": "SUPPRESS" });
    first.admin()?.cognito_done("AdminCreateUser", &user)?;
    let jwks = |server: &Server| -> Result<Value> {
        let target = format!(
            "GET /{}/.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\n\r\n",
            pool.as_str().unwrap_or_default()
        );
        let answer = conformance::http::exchange(server.endpoints.http_address()?, target.as_bytes())?;
        Ok(serde_json::from_slice(&answer.body)?)
    };
    let keys = jwks(&first)?;
    first.stop()?;
    let second = Server::up(&data, &[template])?;
    let after = (
        second.endpoints.stacks.clone(),
        fs::read_to_string(&second.endpoints.credentials)?,
    );
    ensure!(before == after, "{before:?} became {after:?}");
    ensure!(fs::read_to_string(&second.endpoints.ca)? == ca, "another CA");
    ensure!(jwks(&second)? == keys, "other signing keys");
    let found = json!({ "UserPoolId": pool, "Username": "kept@example.com" });
    second.admin()?.cognito_done("AdminGetUser", &found)?;
    second.stop()
}

/// Starts on the directory of the suite's own server.
pub(crate) fn locked(suite: &Suite) -> Result<()> {
    let data = suite
        .server
        .endpoints
        .credentials
        .parent()
        .context("no directory")?;
    refused(&["--data", data.to_str().context("path")?], "in use")?;
    ensure!(
        data.join("endpoints.json").is_file(),
        "the second start took the first one's endpoints.json away"
    );
    Ok(())
}

/// Starts on a port that somebody has, also with `SO_REUSEPORT`.
pub(crate) fn port_in_use(suite: &Suite) -> Result<()> {
    let folder = Folder::new()?;
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let own = suite.server.endpoints.http_address()?.to_string();
    for address in [taken.local_addr()?.to_string(), own] {
        let data = folder.path().join(address.replace(':', "-"));
        refused(
            &[
                "--data",
                data.to_str().context("path")?,
                "--public-http",
                &address,
            ],
            "in use",
        )?;
    }
    Ok(())
}

fn refused(arguments: &[&str], why: &str) -> Result<()> {
    let mut command = Command::new(program()?);
    command.arg("up");
    for listener in ["--public", "--public-http", "--admin", "--proxy"] {
        if !arguments.contains(&listener) {
            command.args([listener, "127.0.0.1:0"]);
        }
    }
    let output = command.args(arguments).stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        !output.status.success() && said.contains(why),
        "{}: {said}",
        output.status
    );
    Ok(())
}

/// Reads what the suite's own server wrote.
pub(crate) fn endpoints(suite: &Suite) -> Result<()> {
    let endpoints = &suite.server.endpoints;
    for path in [&endpoints.ca, &endpoints.credentials] {
        ensure!(path.is_absolute() && path.is_file(), "{}", path.display());
    }
    ensure!(
        endpoints.public.https.starts_with("https://127.0.0.1:"),
        "{}",
        endpoints.public.https
    );
    for url in [&endpoints.public.http, &endpoints.admin, &endpoints.proxy] {
        ensure!(
            url.starts_with("http://127.0.0.1:") && !url.ends_with('/'),
            "{url}"
        );
    }
    ensure!(
        endpoints.region == "us-east-1" && endpoints.account == "000000000000",
        "{endpoints:?}"
    );
    ensure!(endpoints.domain == "portcullis.localhost", "{}", endpoints.domain);
    Ok(())
}

/// Looks at the modes of the files that hold secrets.
pub(crate) fn modes(suite: &Suite) -> Result<()> {
    let data = suite
        .server
        .endpoints
        .credentials
        .parent()
        .context("no directory")?;
    for name in ["credentials.json", "root.key", "ca.key"] {
        let mode = fs::metadata(data.join(name))
            .with_context(|| name.to_owned())?
            .permissions()
            .mode()
            & 0o777;
        ensure!(mode == 0o600, "{name} has mode {mode:o}");
    }
    Ok(())
}
