//! The options of `bench-floods`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::shell;

const HELP: &str = "\
cargo xtask bench-floods [OPTIONS]        memory of idle connections; other clients' p99 beside floods

  --idle N          connections that idle after a request, in clear text and with TLS [8000; 0: none]
  --slow N          connections that send a byte of a head a second [5000; 0: none]
  --resets N        HTTP/2 connections that open streams and reset them as fast as they can [2000; 0: none]
  --sly N           the same, ten at a time when the server has seen the ten before, each from an address of its own [2000]
  --handshakes N    connections that shake hands and go, again and again, each from an address of its own [0]
  --clients N       clients whose times are measured [50]
  --seconds S       how long they ask before, during and after each [15]
  --server FILE     the server [target/release/portcullis; build it with `cargo build --release`]

Both sides need as many open files: `ulimit -n 20000`. Nothing is written; the numbers in docs/performance.md are copied by hand.";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Slow,
    Resets,
    Sly,
    Handshakes,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Slow, Self::Resets, Self::Sly, Self::Handshakes];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::Resets => "resets",
            Self::Sly => "sly",
            Self::Handshakes => "handshakes",
        }
    }
}

/// So many connections that do one thing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flood {
    pub(super) kind: Kind,
    pub(super) connections: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) idle: usize,
    pub(super) floods: Vec<Flood>,
    pub(super) clients: usize,
    pub(super) seconds: Duration,
    pub(super) server: PathBuf,
}

impl Options {
    /// Reads the options; none when help was asked for and printed.
    pub(super) fn parse(arguments: &[String]) -> Result<Option<Self>> {
        let mut options = Self {
            idle: 8000,
            floods: Vec::new(),
            clients: 50,
            seconds: Duration::from_secs(15),
            server: shell::target().join("release/portcullis"),
        };
        let mut counts = [5000, 2000, 2000, 0];
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .with_context(|| format!("`{word}` wants a value, see --help"))
            };
            let kinds = Kind::ALL.iter().zip(&mut counts);
            let named = |kind: &Kind| word.strip_prefix("--") == Some(kind.name());
            match word.as_str() {
                "--help" | "-h" => {
                    println!("{HELP}");
                    return Ok(None);
                }
                "--idle" => options.idle = value()?.parse()?,
                "--clients" => options.clients = value()?.parse()?,
                "--seconds" => options.seconds = Duration::from_secs_f64(value()?.parse()?),
                "--server" => options.server = PathBuf::from(value()?),
                _ => match kinds.into_iter().find(|(kind, _)| named(kind)) {
                    Some((_, count)) => *count = value()?.parse()?,
                    None => bail!("there is no option `{word}`, see --help"),
                },
            }
        }
        if options.clients == 0 {
            bail!("counts begin at 1");
        }
        let floods = Kind::ALL.into_iter().zip(counts);
        options.floods = floods
            .filter(|(_, connections)| *connections > 0)
            .map(|(kind, connections)| Flood { kind, connections })
            .collect();
        Ok(Some(options))
    }
}
