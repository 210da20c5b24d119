//! A fresh folder under target/ for one run, ports that are free, and processes that end with us.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::shell;

/// Makes an empty folder `name`; what an earlier run left there goes.
pub(super) fn fresh_folder(name: &str) -> Result<PathBuf> {
    let folder = shell::target().join("bench").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("`{}` cannot be emptied", folder.display()))?;
    }
    fs::create_dir_all(&folder)?;
    Ok(fs::canonicalize(folder)?)
}

/// Returns a port of loopback that is free now.
pub(super) fn free_port() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// A process that is stopped when it goes out of scope.
pub(super) struct Process {
    child: Child,
    name: &'static str,
    log: PathBuf,
}

impl Process {
    /// Starts a command; what it says goes into `folder/NAME.log`.
    pub(super) fn start(command: &mut Command, name: &'static str, folder: &Path) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = fs::File::create(&log)?;
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file);
        let child = command
            .spawn()
            .with_context(|| format!("{name} cannot be started: {command:?}"))?;
        Ok(Self { child, name, log })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `ready` says so; fails when the process ends first or the time is up.
    pub(super) fn wait_until(&mut self, within: Duration, ready: impl Fn() -> bool) -> Result<()> {
        let started = Instant::now();
        while !ready() {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended with {status}: {}", self.name, self.last_words());
            }
            if started.elapsed() > within {
                bail!(
                    "{} was not ready within {within:?}: {}",
                    self.name,
                    self.last_words()
                );
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Waits until something listens at `address`.
    pub(super) fn wait_for_port(&mut self, address: SocketAddr) -> Result<()> {
        self.wait_until(Duration::from_secs(20), || TcpStream::connect(address).is_ok())
    }

    /// Asks the process to stop and waits for it.
    pub(super) fn stop(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_none() {
            let process = self.child.id().to_string();
            Command::new("kill")
                .args(["-INT", &process])
                .stderr(Stdio::null())
                .status()?;
            let started = Instant::now();
            while self.child.try_wait()?.is_none() && started.elapsed() < Duration::from_secs(60) {
                thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(())
    }

    fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(8).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.stop();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
