//! Portcullis, as its users start it: `portcullis up TEMPLATE`, found through `endpoints.json`.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use portcullis_model::SecretText;
use serde_json::Value;

use portcullis_engines::sigv4::Credentials;

use crate::bench::workplace::Process;
use crate::bench::{PROXY_CORE, machine};

pub(in crate::bench) struct Portcullis {
    pub(in crate::bench) process: Process,
    pub(in crate::bench) public: SocketAddr,
    /// The public listener over TLS, and the CA that its certificates are of.
    pub(in crate::bench) https: SocketAddr,
    pub(in crate::bench) ca: PathBuf,
    pub(in crate::bench) admin: SocketAddr,
    pub(in crate::bench) region: String,
    pub(in crate::bench) domain: String,
    endpoints: Value,
}

/// The stack that the bench deploys.
pub(in crate::bench) const STACK: &str = "bench";

impl Portcullis {
    /// Starts the server on core 1 with a template.
    pub(in crate::bench) fn start(
        server: &Path,
        folder: &Path,
        template: &Path,
        more: &[String],
    ) -> Result<Self> {
        if !server.is_file() {
            bail!(
                "there is no server `{}`: `cargo build --release` first, or say --server",
                server.display()
            );
        }
        Self::start_by(
            machine::on_core(PROXY_CORE, server),
            folder,
            template,
            more,
            Duration::from_secs(60),
        )
    }

    /// Starts the server by a command that ends in the server's name; `more` are more options of `up`.
    pub(in crate::bench) fn start_by(
        mut command: Command,
        folder: &Path,
        template: &Path,
        more: &[String],
        within: Duration,
    ) -> Result<Self> {
        let data = folder.join("data");
        command
            .arg("up")
            .arg(template)
            .args(["--stack", STACK, "--json"])
            .args(more)
            // What is measured is more than AWS gives an account.
            .args(["--account-throttle", "100000000:100000000"])
            .arg("--data")
            .arg(&data);
        for listener in ["--public", "--public-http", "--admin", "--proxy"] {
            command.args([listener, "127.0.0.1:0"]);
        }
        let file = data.join("endpoints.json");
        // An earlier run that was killed may have left it.
        let _ = fs::remove_file(&file);
        let mut process = Process::start(&mut command, "portcullis", folder)?;
        process.wait_until(within, || file.is_file())?;
        let endpoints: Value = serde_json::from_str(&fs::read_to_string(&file)?)?;
        let text = |pointer: &str| {
            let found = endpoints
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned);
            found.with_context(|| format!("endpoints.json has no `{pointer}`"))
        };
        Ok(Self {
            public: address(&text("/public/http")?)?,
            https: address(&text("/public/https")?)?,
            ca: PathBuf::from(text("/ca")?),
            admin: address(&text("/admin")?)?,
            region: text("/region")?,
            domain: text("/domain")?,
            process,
            endpoints,
        })
    }

    /// Returns an output of the bench's stack.
    pub(in crate::bench) fn output(&self, name: &str) -> Result<String> {
        let found = self
            .endpoints
            .pointer(&format!("/stacks/{STACK}/outputs/{name}"))
            .and_then(Value::as_str);
        found
            .map(str::to_owned)
            .with_context(|| format!("the stack has no output `{name}`"))
    }

    /// Returns the host of an API.
    pub(in crate::bench) fn host(&self, api: &str) -> String {
        format!("{api}.execute-api.{}.{}", self.region, self.domain)
    }

    /// Reads the key for admin calls.
    pub(in crate::bench) fn credentials(&self) -> Result<Credentials> {
        let file = self
            .endpoints
            .pointer("/credentials")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let text =
            fs::read_to_string(file).with_context(|| format!("the credentials `{file}` cannot be read"))?;
        let key: Value = serde_json::from_str(&text)?;
        let field = |name: &str| key.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Credentials {
            access_key_id: field("access_key_id").context("no access_key_id")?,
            secret_access_key: SecretText::new(field("secret_access_key").context("no secret_access_key")?),
            session_token: None,
        })
    }
}

fn address(url: &str) -> Result<SocketAddr> {
    let authority = url.split_once("://").map_or(url, |(_, authority)| authority);
    authority
        .parse()
        .with_context(|| format!("`{url}` is not the address of a listener"))
}
