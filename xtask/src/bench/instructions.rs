//! `bench-instructions`: how many instructions does a request take in user space? The server runs twice under callgrind
//! on the same data directory, with N and with 2 N requests; the difference over N is a request. Independent of the
//! machine's other work, so good for small changes; blind to the kernel.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

use super::backend::Backend;
use super::deployment::Parts;
use super::layers::{self, Known, ROWS};
use super::load::{self, Extent, Load};
use super::options::Options;
use super::proxies::{nginx::Nginx, portcullis::Portcullis};
use super::{deployment, message, report, workplace};
use crate::shell;

/// Under callgrind everything takes some fifty times as long.
const START_WITHIN: Duration = Duration::from_secs(300);
/// Few, so that the generator's own waiting does not stretch the run.
const CONNECTIONS: usize = 4;

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let Some(options) = Options::parse(arguments)? else {
        return Ok(());
    };
    let valgrind =
        shell::find_program("valgrind").context("valgrind is missing: `apt-get install valgrind`")?;
    let backend = Backend::start()?;
    let folder = workplace::fresh_folder("instructions")?;
    // Every row runs the server twice under callgrind: the layers only for who asks for them.
    let with_layers = options.only.iter().any(|name| name == "layers");
    let parts = Parts {
        layers: with_layers,
        ..Parts::default()
    };
    let template = deployment::write_template(&folder, backend.address, parts)?;
    let function = Backend::answering(layers::POLICY)?;
    let more = layers::options(function.address);
    let known = prepare(&options, &folder, &template, &more)?;
    let bench = Counting {
        valgrind,
        options: &options,
        folder: &folder,
        template: &template,
        more: &more,
    };
    let mut rows = Vec::new();
    for (name, scenario, path, token) in [
        ("Portcullis, plain", "plain", "plain", None),
        (
            "Portcullis, token seen before",
            "seen",
            "guarded",
            Some(known.token.as_str()),
        ),
    ] {
        if options.wants(scenario) {
            rows.push((
                name,
                bench.portcullis(&|server| open_or_guarded(server, path, token))?,
            ));
        }
    }
    if with_layers {
        for row in ROWS {
            rows.push((row.name, bench.portcullis(&|server| row.request(server, &known))?));
        }
    }
    if options.wants("plain") {
        let counted = per_request(&options, |requests| {
            count_nginx(&bench.valgrind, &folder, &backend, requests)
        })?;
        rows.push(("nginx", counted));
    }
    let mut text = format!(
        "## Instructions\n\n{} User space only.\n\n| | instructions/request |\n|--|--:|\n",
        report::origin("bench-instructions", &options)
    );
    for (name, counted) in rows {
        text.push_str(&format!("| {name} | {counted} |\n"));
    }
    println!(
        "{text}\nwhere they go: `callgrind_annotate FILE`, FILE in {}",
        folder.display()
    );
    println!("(with names if the server was built under CARGO_PROFILE_RELEASE_STRIP=none)");
    if options.writes {
        report::write("bench-instructions", &text)?;
    }
    Ok(())
}

/// Makes the keys and deploys the template outside callgrind: making an RSA key takes a random number of instructions.
fn prepare(options: &Options, folder: &Path, template: &Path, more: &[String]) -> Result<Known> {
    let mut server = Portcullis::start(&options.server, folder, template, more)?;
    let token = deployment::tokens(&server, 1)?.pop().context("no token")?;
    let known = Known {
        token,
        credentials: server.credentials()?,
        region: server.region.clone(),
    };
    server.process.stop()?;
    Ok(known)
}

fn per_request(options: &Options, count: impl Fn(usize) -> Result<u64>) -> Result<u64> {
    let once = count(options.requests)?;
    let twice = count(options.requests * 2)?;
    let requests = u64::try_from(options.requests)?;
    println!(
        "  {} requests: {once}; {} requests: {twice}",
        requests,
        requests * 2
    );
    Ok(twice.saturating_sub(once) / requests)
}

/// What every count of ours needs.
struct Counting<'a> {
    valgrind: PathBuf,
    options: &'a Options,
    folder: &'a Path,
    template: &'a Path,
    more: &'a [String],
}

impl Counting<'_> {
    /// Returns the instructions of a request, which `request` makes when the server is there.
    fn portcullis(&self, request: &dyn Fn(&Portcullis) -> Result<Vec<u8>>) -> Result<u64> {
        per_request(self.options, |requests| {
            let profile = self.folder.join("portcullis.callgrind");
            let mut command = callgrind(&self.valgrind, &profile);
            command.arg(&self.options.server);
            let mut server =
                Portcullis::start_by(command, self.folder, self.template, self.more, START_WITHIN)?;
            send(server.public, server.process.id(), request(&server)?, requests)?;
            server.process.stop()?;
            collected(&profile)
        })
    }
}

fn open_or_guarded(server: &Portcullis, path: &str, token: Option<&str>) -> Result<Vec<u8>> {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> = bearer
        .iter()
        .map(|bearer| ("authorization", bearer.as_str()))
        .collect();
    let host = server.host(&server.output("ApiId")?);
    Ok(message::get(&host, &format!("/prod/{path}"), &headers))
}

fn count_nginx(valgrind: &Path, folder: &Path, backend: &Backend, requests: usize) -> Result<u64> {
    let profile = folder.join("nginx.callgrind");
    let mut nginx = Nginx::start_under(callgrind(valgrind, &profile), folder, backend.address)?;
    send(
        nginx.address,
        nginx.process.id(),
        message::get("bench", "/plain", &[]),
        requests,
    )?;
    nginx.process.stop()?;
    collected(&profile)
}

fn callgrind(valgrind: &Path, profile: &Path) -> Command {
    let mut command = Command::new(valgrind);
    command.arg("--tool=callgrind");
    command.arg(format!("--callgrind-out-file={}", profile.display()));
    command
}

fn send(address: std::net::SocketAddr, process: u32, request: Vec<u8>, requests: usize) -> Result<()> {
    let sent = load::exchange(&Load {
        address,
        process,
        connections: CONNECTIONS,
        warm_up: request.clone(),
        requests: Arc::from(vec![request; requests]),
        extent: Extent::Once,
        tls: None,
    })?;
    println!("  {sent} requests answered");
    Ok(())
}

/// Reads what callgrind counted in all.
fn collected(profile: &Path) -> Result<u64> {
    let text = fs::read_to_string(profile)?;
    let line = text.lines().find_map(|line| {
        line.strip_prefix("totals:")
            .or_else(|| line.strip_prefix("summary:"))
    });
    let count = line
        .and_then(|count| count.split_whitespace().next())
        .context("callgrind counted nothing")?;
    Ok(count.parse()?)
}
