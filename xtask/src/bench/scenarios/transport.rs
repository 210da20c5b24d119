//! What carries a request: TLS, HTTP/2, long bodies, handshakes, beside nginx.

use anyhow::{Context, Result};

use super::{Stage, To, request};
use crate::bench::contest::{Contest, Contestant};
use crate::bench::load::Way;
use crate::bench::message;
use crate::bench::options::Options;
use crate::bench::proxies::nginx;
use crate::bench::tls::Tls;

/// Of a long body.
const LONG_BYTES: usize = 1024 * 1024;
/// Clients that send or take long bodies at once: more would measure the memory's bandwidth.
const LONG_CONNECTIONS: usize = 8;
/// Streams at once of a connection, where there is more than one connection.
const STREAMS: usize = 8;

pub(super) fn long_body() -> String {
    "x".repeat(LONG_BYTES)
}

type Making = fn(&Stage, &Options) -> Result<Contest>;

/// Returns the contests of this file that were asked for.
pub(super) fn wanted(stage: &Stage, options: &Options) -> Result<Vec<Contest>> {
    let mut contests = Vec::new();
    let everything: [(&str, Making); 6] = [
        ("tls", kept_session),
        ("http2", one_connection),
        ("http2", few_streams),
        ("bodies", long_answers),
        ("bodies", uploads),
        ("handshakes", handshakes),
    ];
    for (name, contest) in everything {
        if options.wants(name) {
            contests.push(contest(stage, options)?);
        }
    }
    Ok(contests)
}

/// Returns nginx and ours, the first being the one that is compared with, both over TLS.
fn pair(stage: &Stage, options: &Options, protocol: &str) -> Result<Vec<Contestant>> {
    let mut contestants = Vec::new();
    let theirs = stage.nginx.as_ref().context("this scenario needs nginx")?;
    let mut contestant = stage.contestant(
        "nginx",
        To::Nginx(theirs),
        vec![request(nginx::NAME, "/plain", None)],
        options,
    );
    contestant.load.address = theirs.https;
    contestant.load.tls = Some(Tls::to(nginx::NAME, &theirs.ca, protocol)?);
    contestants.push(contestant);
    if let Some(server) = &stage.portcullis {
        let host = server.host(&server.output("ApiId")?);
        let mut contestant = stage.contestant(
            "Portcullis",
            To::Portcullis(server),
            vec![stage.ours("plain", None)?],
            options,
        );
        contestant.load.address = server.https;
        contestant.load.tls = Some(Tls::to(&host, &server.ca, protocol)?);
        contestants.push(contestant);
    }
    Ok(contestants)
}

fn kept_session(stage: &Stage, options: &Options) -> Result<Contest> {
    Ok(Contest {
        name: "TLS",
        explanation: format!(
            "TLS 1.3, a P-256 certificate, HTTP/1.1, {} connections that are kept, one open route.",
            options.connections
        ),
        contestants: pair(stage, options, "http/1.1")?,
    })
}

fn one_connection(stage: &Stage, options: &Options) -> Result<Contest> {
    let mut contestants = pair(stage, options, "h2")?;
    for contestant in &mut contestants {
        contestant.load.connections = 1;
        contestant.load.way = Way::Streams(options.connections);
    }
    Ok(Contest {
        name: "HTTP/2, one connection",
        explanation: format!(
            "The same over HTTP/2: {} streams at once on one connection.",
            options.connections
        ),
        contestants,
    })
}

fn few_streams(stage: &Stage, options: &Options) -> Result<Contest> {
    let mut contestants = pair(stage, options, "h2")?;
    let connections = options.connections.div_ceil(STREAMS);
    for contestant in &mut contestants {
        contestant.load.connections = connections;
        contestant.load.way = Way::Streams(STREAMS);
    }
    Ok(Contest {
        name: "HTTP/2, several connections",
        explanation: format!("As above: {STREAMS} streams at once on each of {connections} connections."),
        contestants,
    })
}

fn long_answers(stage: &Stage, options: &Options) -> Result<Contest> {
    long(stage, options, "Answers of 1 MiB", "large", &|host, path| {
        message::get(host, path, &[])
    })
}

fn uploads(stage: &Stage, options: &Options) -> Result<Contest> {
    let body = long_body();
    long(stage, options, "Uploads of 1 MiB", "upload", &|host, path| {
        message::post(host, path, &[], &body)
    })
}

fn long(
    stage: &Stage,
    options: &Options,
    name: &'static str,
    path: &str,
    request: &dyn Fn(&str, &str) -> Vec<u8>,
) -> Result<Contest> {
    let theirs = stage.nginx.as_ref().context("this scenario needs nginx")?;
    let mut contestants = Vec::new();
    for (name, path) in [
        ("nginx, its default buffers", format!("/{path}")),
        ("nginx, buffers of 1 MiB and more", format!("/tuned/{path}")),
    ] {
        let requests = vec![request(nginx::NAME, &path)];
        contestants.push(stage.contestant(name, To::Nginx(theirs), requests, options));
    }
    if let Some(server) = &stage.portcullis {
        let host = server.host(&server.output("ApiId")?);
        let requests = vec![request(&host, &format!("/prod/{path}"))];
        contestants.push(stage.contestant("Portcullis", To::Portcullis(server), requests, options));
    }
    let connections = options.connections.min(LONG_CONNECTIONS);
    for contestant in &mut contestants {
        contestant.load.connections = connections;
    }
    Ok(Contest {
        name,
        explanation: format!("In clear text, HTTP/1.1, {connections} connections that are kept."),
        contestants,
    })
}

fn handshakes(stage: &Stage, options: &Options) -> Result<Contest> {
    let mut contestants = pair(stage, options, "http/1.1")?;
    for contestant in &mut contestants {
        contestant.load.way = Way::Anew;
        contestant.load.connections = options.connections.min(LONG_CONNECTIONS);
    }
    Ok(Contest {
        name: "Handshakes",
        explanation:
            "Connect, a full handshake of TLS 1.3 (X25519, a P-256 certificate), one small request, close."
                .to_owned(),
        contestants,
    })
}
