//! nginx: one worker, connections to the backend kept alive, no access log, buffers for long bodies as they are by default and,
//! under `/tuned`, as long as they.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::bench::tls::Certificate;
use crate::bench::workplace::{Process, free_port};
use crate::bench::{PROXY_CORE, machine};
use crate::shell;

pub(in crate::bench) struct Nginx {
    pub(in crate::bench) process: Process,
    pub(in crate::bench) address: SocketAddr,
    /// The same over TLS, HTTP/1.1 and HTTP/2, with a certificate for [`NAME`].
    pub(in crate::bench) https: SocketAddr,
    pub(in crate::bench) ca: PathBuf,
}

/// What it is called.
pub(in crate::bench) const NAME: &str = "bench";

/// Where it sends what.
#[derive(Clone, Copy)]
pub(in crate::bench) struct Backends {
    pub(in crate::bench) small: SocketAddr,
    /// For `/large`.
    pub(in crate::bench) large: SocketAddr,
}

impl Nginx {
    pub(in crate::bench) fn start(folder: &Path, backends: Backends) -> Result<Self> {
        let program = program()?;
        let (configuration, made) = configure(folder, backends, true)?;
        let mut command = machine::on_core(PROXY_CORE, &program);
        let process = Process::start(command.args(arguments(folder, &configuration)), "nginx", folder)?;
        made.running(process)
    }

    /// Starts one process, no master, under a program that counts instructions.
    pub(in crate::bench) fn start_under(
        mut counter: Command,
        folder: &Path,
        backends: Backends,
    ) -> Result<Self> {
        let program = program()?;
        let (configuration, made) = configure(folder, backends, false)?;
        let process = Process::start(
            counter.arg(program).args(arguments(folder, &configuration)),
            "nginx",
            folder,
        )?;
        made.running(process)
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

/// Where it will be.
struct Made {
    address: SocketAddr,
    https: SocketAddr,
    ca: PathBuf,
}

impl Made {
    fn running(self, mut process: Process) -> Result<Nginx> {
        process.wait_for_port(self.address)?;
        let Self { address, https, ca } = self;
        Ok(Nginx {
            process,
            address,
            https,
            ca,
        })
    }
}

fn configure(folder: &Path, backends: Backends, with_master: bool) -> Result<(PathBuf, Made)> {
    let folder = folder.join("nginx");
    fs::create_dir_all(&folder)?;
    let certificate = Certificate::make(&folder, NAME)?;
    let (address, https) = (free_port()?, free_port()?);
    let master = if with_master { "on" } else { "off" };
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("  {kind}_temp_path {}/{kind};\n", folder.display()))
        .concat();
    let locations: String = [
        ("/", "small", ""),
        ("/large", "large", ""),
        ("/tuned/upload", "small", TUNED),
        ("/tuned/large", "large", TUNED),
    ]
    .map(|(path, backend, more)| {
        format!("    location {path} {{ proxy_pass http://{backend}; {PROXIED}{more} }}\n")
    })
    .concat();
    let text = format!(
        "daemon off;\nmaster_process {master};\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log error;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\n  access_log off;\n  keepalive_requests 1000000000;\n  client_max_body_size 8m;\n{temporary}\
         \x20 upstream small {{ server {small}; {KEPT} }}\n  upstream large {{ server {large}; {KEPT} }}\n\
         \x20 server {{\n    listen {address};\n    listen {https} ssl http2;\n\
         \x20   ssl_certificate {chain};\n    ssl_certificate_key {key};\n    ssl_protocols TLSv1.2 TLSv1.3;\n{locations}  }}\n}}\n",
        folder = folder.display(),
        small = backends.small,
        large = backends.large,
        chain = certificate.chain.display(),
        key = certificate.key.display(),
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, text)?;
    let ca = certificate.ca;
    Ok((file, Made { address, https, ca }))
}

const KEPT: &str = "keepalive 256; keepalive_requests 1000000000;";
const PROXIED: &str =
    "proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_set_header Host $host;";
/// Room for the bodies that are sent here, so that none of them sees a file.
const TUNED: &str = " client_body_buffer_size 2m; proxy_buffer_size 64k; proxy_buffers 20 64k; proxy_busy_buffers_size 1m; \
                     proxy_max_temp_file_size 0;";
