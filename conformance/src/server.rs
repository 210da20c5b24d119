//! The real binary under test: started on free ports in a directory of its own, stopped like a person stops it.

use std::{
    env,
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::{admin::Admin, wait};

/// How long a start with its templates, or a stop, may take.
const START_TIME: Duration = Duration::from_secs(60);
const STOP_TIME: Duration = Duration::from_secs(20);

/// `endpoints.json`, every field of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoints {
    pub public: Public,
    pub admin: String,
    pub proxy: String,
    pub ca: PathBuf,
    pub credentials: PathBuf,
    pub region: String,
    pub account: String,
    pub domain: String,
    pub stacks: serde_json::Map<String, serde_json::Value>,
}

/// The public listeners.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Public {
    pub https: String,
    pub http: String,
}

impl Endpoints {
    /// Returns the address of the public listener in clear text.
    pub fn http_address(&self) -> Result<SocketAddr> {
        address(&self.public.http)
    }
}

/// Returns the address in `http://ADDRESS`.
pub fn address(url: &str) -> Result<SocketAddr> {
    let authority = url.split_once("://").map_or(url, |(_, authority)| authority);
    authority
        .parse()
        .with_context(|| format!("`{url}` has no address"))
}

/// Returns the program under test: `$PORTCULLIS_BIN`, or what stands beside this test's own binary.
pub fn program() -> Result<PathBuf> {
    if let Some(given) = env::var_os("PORTCULLIS_BIN") {
        return Ok(given.into());
    }
    let own = env::current_exe()?;
    let found = own
        .ancestors()
        .skip(1)
        .take(3)
        .map(|folder| folder.join("portcullis"))
        .find(|path| path.is_file());
    found.context("`portcullis` is not built: run `cargo build` first, or set PORTCULLIS_BIN")
}

/// Returns the root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A directory that goes when its owner goes.
pub struct Folder(PathBuf);

impl Folder {
    /// Makes an empty one.
    pub fn new() -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "portcullis-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = env::temp_dir().join(name);
        fs::create_dir(&path).with_context(|| format!("`{}` cannot be made", path.display()))?;
        Ok(Self(path))
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A running `portcullis up`.
pub struct Server {
    child: Child,
    data: PathBuf,
    pub endpoints: Endpoints,
}

impl Server {
    /// Starts `up` on `data` with more arguments, on free ports, and waits until it is ready.
    pub fn up(data: &Path, arguments: &[&str]) -> Result<Self> {
        let log = File::create(data.with_extension("log"))?;
        let mut command = Command::new(program()?);
        command.arg("up").args(arguments).arg("--data").arg(data);
        for listener in ["--public", "--public-http", "--admin", "--proxy"] {
            command.args([listener, "127.0.0.1:0"]);
        }
        let file = data.join("endpoints.json");
        drop(fs::remove_file(&file));
        let mut child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let ready = wait::until("endpoints.json", START_TIME, || match child.try_wait()? {
            Some(status) => bail!("`up` ended with {status}: {}", printed(data)),
            None => Ok(fs::read_to_string(&file).ok()),
        });
        let text = match ready {
            Ok(text) => text,
            Err(error) => {
                drop(child.kill());
                drop(child.wait());
                return Err(error.context(printed(data)));
            }
        };
        let endpoints = serde_json::from_str(&text).context("endpoints.json")?;
        Ok(Self {
            child,
            data: data.to_owned(),
            endpoints,
        })
    }

    /// Returns what `up` printed so far.
    pub fn printed(&self) -> String {
        printed(&self.data)
    }

    /// Returns a client that signs with the account's own key.
    pub fn admin(&self) -> Result<Admin> {
        Admin::new(&self.endpoints)
    }

    /// Runs another command of the program on the same directory.
    pub fn command(&self, arguments: &[&str]) -> Result<Output> {
        let (name, rest) = arguments.split_first().context("no command")?;
        Ok(Command::new(program()?)
            .arg(name)
            .arg("--data")
            .arg(&self.data)
            .args(rest)
            .stdin(Stdio::null())
            .output()?)
    }

    /// Stops it with Ctrl-C's signal; it must end by itself, and well.
    pub fn stop(mut self) -> Result<()> {
        let status = self.interrupt()?;
        ensure!(
            status.success(),
            "`up` ended with {status} after SIGINT: {}",
            self.printed()
        );
        Ok(())
    }

    fn interrupt(&mut self) -> Result<ExitStatus> {
        let sent = Command::new("kill")
            .arg("-INT")
            .arg(self.child.id().to_string())
            .status()?;
        ensure!(sent.success(), "SIGINT could not be sent");
        wait::until("the end of `up`", STOP_TIME, || Ok(self.child.try_wait()?))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn printed(data: &Path) -> String {
    fs::read_to_string(data.with_extension("log")).unwrap_or_default()
}
