//! `bench-instructions`: how many instructions does a request take in user space? The server runs twice under callgrind
//! on the same data directory, with N and with 2 N requests; the difference over N is a request. Independent of the
//! machine's other work, so good for small changes; blind to the kernel.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::backend::Backend;
use super::deployment::Parts;
use super::layers::{self, Known, ROWS};
use super::load::{self, Extent, Load, Way};
use super::options::Options;
use super::proxies::nginx::{self, Backends, Nginx};
use super::proxies::portcullis::Portcullis;
use super::tls::Tls;
use super::{deployment, message, report, workplace};
use crate::shell;

/// Under callgrind everything takes some fifty times as long.
const START_WITHIN: Duration = Duration::from_secs(300);
/// Few, so that the generator's own waiting does not stretch the run.
const CONNECTIONS: usize = 4;
const LONG_BYTES: usize = 1024 * 1024;

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let Some(options) = Options::parse(arguments)? else {
        return Ok(());
    };
    let valgrind =
        shell::find_program("valgrind").context("valgrind is missing: `apt-get install valgrind`")?;
    let (backend, large) = (Backend::start()?, Backend::answering(&"x".repeat(LONG_BYTES))?);
    let folder = workplace::fresh_folder("instructions")?;
    // Every row runs the server twice under callgrind: most only for who asks for them.
    let with_layers = options.names("layers");
    let parts = Parts {
        layers: with_layers,
        bodies: options.names("bodies").then_some(large.address),
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
                bench.portcullis(Carrier::Clear, &|server| open_or_guarded(server, path, token))?,
            ));
        }
    }
    if with_layers {
        for row in ROWS {
            rows.push((
                row.name,
                bench.portcullis(Carrier::Clear, &|server| row.request(server, &known))?,
            ));
        }
    }
    rows.extend(bench.carried(Backends {
        small: backend.address,
        large: large.address,
    })?);
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
    fn portcullis(&self, carrier: Carrier, request: &dyn Fn(&Portcullis) -> Result<Vec<u8>>) -> Result<u64> {
        per_request(self.options, |requests| {
            let profile = self.folder.join("portcullis.callgrind");
            let mut command = callgrind(&self.valgrind, &profile);
            command.arg(&self.options.server);
            let mut server =
                Portcullis::start_by(command, self.folder, self.template, self.more, START_WITHIN)?;
            let load = plain_load(
                server.public,
                server.process.id(),
                vec![request(&server)?; requests],
            );
            let host = server.host(&server.output("ApiId")?);
            send(&carrier.carries(load, server.https, &host, &server.ca)?)?;
            server.process.stop()?;
            collected(&profile)
        })
    }

    /// Counts what was asked for of [`CARRIED`].
    fn carried(&self, backends: Backends) -> Result<Vec<(&'static str, u64)>> {
        let mut rows = Vec::new();
        for carried in CARRIED {
            let is_plain = carried.scenario == "plain";
            if !(is_plain && self.options.wants("plain") || self.options.names(carried.scenario)) {
                continue;
            }
            // Ours of the plain one was counted before.
            if !is_plain {
                let counted = self.portcullis(carried.carrier, &|server| {
                    Ok(carried.request(
                        &server.host(&server.output("ApiId")?),
                        &format!("/prod/{}", carried.path),
                    ))
                })?;
                rows.push((carried.ours, counted));
            }
            rows.push((carried.theirs, self.nginx(carried, backends)?));
        }
        Ok(rows)
    }

    fn nginx(&self, carried: &Carried, backends: Backends) -> Result<u64> {
        per_request(self.options, |requests| {
            let profile = self.folder.join("nginx.callgrind");
            let counter = callgrind(&self.valgrind, &profile);
            let mut nginx = Nginx::start_under(counter, self.folder, backends)?;
            let request = carried.request(nginx::NAME, &format!("/{}", carried.path));
            let load = plain_load(nginx.address, nginx.process.id(), vec![request; requests]);
            send(
                &carried
                    .carrier
                    .carries(load, nginx.https, nginx::NAME, &nginx.ca)?,
            )?;
            nginx.process.stop()?;
            collected(&profile)
        })
    }
}

/// What carries the requests of a row.
#[derive(Clone, Copy)]
enum Carrier {
    Clear,
    Tls,
    Http2,
    /// A handshake each.
    Anew,
}

impl Carrier {
    fn carries(self, mut load: Load, https: SocketAddr, name: &str, ca: &Path) -> Result<Load> {
        let protocol = match self {
            Self::Clear => return Ok(load),
            Self::Tls | Self::Anew => "http/1.1",
            Self::Http2 => "h2",
        };
        load.address = https;
        load.tls = Some(Tls::to(name, ca, protocol)?);
        load.way = match self {
            Self::Http2 => Way::Streams(8),
            Self::Anew => Way::Anew,
            _ => Way::KeepAlive,
        };
        Ok(load)
    }
}

/// A row of ours and one of nginx.
struct Carried {
    scenario: &'static str,
    ours: &'static str,
    theirs: &'static str,
    path: &'static str,
    carrier: Carrier,
}

impl Carried {
    fn request(&self, host: &str, path: &str) -> Vec<u8> {
        match self.path {
            "upload" => message::post(host, path, &[], &"x".repeat(LONG_BYTES)),
            _ => message::get(host, path, &[]),
        }
    }
}

const CARRIED: &[Carried] = &[
    Carried {
        scenario: "plain",
        ours: "Portcullis, plain",
        theirs: "nginx",
        path: "plain",
        carrier: Carrier::Clear,
    },
    Carried {
        scenario: "tls",
        ours: "Portcullis, TLS",
        theirs: "nginx, TLS",
        path: "plain",
        carrier: Carrier::Tls,
    },
    Carried {
        scenario: "http2",
        ours: "Portcullis, HTTP/2",
        theirs: "nginx, HTTP/2",
        path: "plain",
        carrier: Carrier::Http2,
    },
    Carried {
        scenario: "bodies",
        ours: "Portcullis, answer of 1 MiB",
        theirs: "nginx, answer of 1 MiB",
        path: "large",
        carrier: Carrier::Clear,
    },
    Carried {
        scenario: "bodies",
        ours: "Portcullis, upload of 1 MiB",
        theirs: "nginx, upload of 1 MiB",
        path: "upload",
        carrier: Carrier::Clear,
    },
    Carried {
        scenario: "handshakes",
        ours: "Portcullis, handshake and request",
        theirs: "nginx, handshake and request",
        path: "plain",
        carrier: Carrier::Anew,
    },
];

fn open_or_guarded(server: &Portcullis, path: &str, token: Option<&str>) -> Result<Vec<u8>> {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> = bearer
        .iter()
        .map(|bearer| ("authorization", bearer.as_str()))
        .collect();
    let host = server.host(&server.output("ApiId")?);
    Ok(message::get(&host, &format!("/prod/{path}"), &headers))
}

fn callgrind(valgrind: &Path, profile: &Path) -> Command {
    let mut command = Command::new(valgrind);
    command.arg("--tool=callgrind");
    command.arg(format!("--callgrind-out-file={}", profile.display()));
    command
}

fn plain_load(address: SocketAddr, process: u32, requests: Vec<Vec<u8>>) -> Load {
    Load {
        address,
        process,
        connections: CONNECTIONS,
        way: Way::KeepAlive,
        warm_up: requests.first().cloned().unwrap_or_default(),
        requests: requests.into(),
        extent: Extent::Once,
        tls: None,
    }
}

fn send(load: &Load) -> Result<()> {
    println!("  {} requests answered", load::exchange(load)?);
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
