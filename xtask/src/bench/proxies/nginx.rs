//! nginx: one worker, connections to the backend kept alive, no access log.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::bench::workplace::{Process, free_port};
use crate::bench::{PROXY_CORE, machine};
use crate::shell;

pub(in crate::bench) struct Nginx {
    pub(in crate::bench) process: Process,
    pub(in crate::bench) address: SocketAddr,
}

impl Nginx {
    pub(in crate::bench) fn start(folder: &Path, backend: SocketAddr) -> Result<Self> {
        let program = program()?;
        let (configuration, address) = configure(folder, backend, true)?;
        let mut command = machine::on_core(PROXY_CORE, &program);
        let mut process = Process::start(command.args(arguments(folder, &configuration)), "nginx", folder)?;
        process.wait_for_port(address)?;
        Ok(Self { process, address })
    }

    /// Starts one process, no master, under a program that counts instructions.
    pub(in crate::bench) fn start_under(
        mut counter: Command,
        folder: &Path,
        backend: SocketAddr,
    ) -> Result<Self> {
        let program = program()?;
        let (configuration, address) = configure(folder, backend, false)?;
        let mut process = Process::start(
            counter.arg(program).args(arguments(folder, &configuration)),
            "nginx",
            folder,
        )?;
        process.wait_for_port(address)?;
        Ok(Self { process, address })
    }
}

fn program() -> Result<PathBuf> {
    shell::find_program("nginx")
        .context("nginx is missing: `apt-get install nginx` (Debian), or have it in PATH")
}

fn arguments(folder: &Path, configuration: &Path) -> [String; 4] {
    [
        "-p".to_owned(),
        folder.display().to_string(),
        "-c".to_owned(),
        configuration.display().to_string(),
    ]
}

fn configure(folder: &Path, backend: SocketAddr, with_master: bool) -> Result<(PathBuf, SocketAddr)> {
    let address = free_port()?;
    let master = if with_master { "on" } else { "off" };
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("  {kind}_temp_path {}/{kind};\n", folder.display()))
        .concat();
    let text = format!(
        "daemon off;\nmaster_process {master};\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log error;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\n  access_log off;\n  keepalive_requests 1000000000;\n{temporary}\
         \x20 upstream backend {{ server {backend}; keepalive 256; keepalive_requests 1000000000; }}\n\
         \x20 server {{\n    listen {address};\n    location / {{\n      proxy_pass http://backend;\n\
         \x20     proxy_http_version 1.1;\n      proxy_set_header Connection \"\";\n      proxy_set_header Host $host;\n    }}\n  }}\n}}\n",
        folder = folder.display(),
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, text)?;
    Ok((file, address))
}
