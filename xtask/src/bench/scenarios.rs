//! Who is compared with whom, over which requests.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::backend::Backend;
use super::contest::{Contest, Contestant};
use super::deployment::Parts;
use super::layers::{self, Known, ROWS};
use super::load::{Extent, Load, Way};
use super::options::Options;
use super::proxies::{
    envoy::{Envoy, Guarded},
    nginx::{Backends, Nginx},
    portcullis::Portcullis,
};
use super::{deployment, elliptic, keys, message, mutual_tls, unseen, workplace};

mod transport;

/// Everything that runs during the bench.
pub(super) struct Stage {
    backend: Backend,
    /// Answers with a long body.
    large: Backend,
    folder: PathBuf,
    portcullis: Option<Portcullis>,
    nginx: Option<Nginx>,
    pub(super) envoy: Option<Envoy>,
    /// Of the user pool, the first of which is sent again and again.
    pub(super) tokens: Vec<String>,
    /// Of the bench's own issuer.
    pub(super) elliptic_tokens: Vec<String>,
    /// With whose certificate domains with mutual TLS are asked.
    client: Option<mutual_tls::Client>,
}

const SMALL_API_ROUTES: usize = 10;

impl Stage {
    /// Starts the backend and all proxies that the wanted scenarios need, and gets their tokens.
    pub(super) fn build(options: &Options) -> Result<Self> {
        let backend = Backend::start()?;
        let folder = workplace::fresh_folder("run")?;
        let mut stage = Self {
            backend,
            large: Backend::answering(&transport::long_body())?,
            folder: folder.clone(),
            portcullis: None,
            nginx: None,
            envoy: None,
            tokens: Vec::new(),
            elliptic_tokens: Vec::new(),
            client: None,
        };
        let folder = folder.as_path();
        let elliptic = match options.wants_elliptic() {
            true => Some(elliptic::Issuer::start()?),
            false => None,
        };
        let parts = Parts {
            layers: options.wants("layers"),
            domains: options.wants("mutual"),
            elliptic: elliptic.as_ref(),
            bodies: options.wants("bodies").then_some(stage.large.address),
        };
        let with_tokens =
            options.wants("seen") || options.wants("unseen") || options.wants("limited") || parts.layers;
        let mut guarded = Vec::new();
        if !options.peers_only {
            let template = deployment::write_template(folder, stage.backend.address, parts)?;
            let mut more = Vec::new();
            if parts.layers {
                let function = Backend::answering(layers::POLICY)?;
                more.extend(layers::options(function.address));
            }
            if parts.domains {
                let client = mutual_tls::Client::make(folder)?;
                more.extend(["--bucket".to_owned(), client.bucket.clone()]);
                stage.client = Some(client);
            }
            let server = Portcullis::start(&options.server, folder, &template, &more)?;
            if with_tokens {
                guarded = stage.get_tokens(&server, options)?;
            }
            if let Some(issuer) = elliptic {
                stage.elliptic_tokens = issuer.tokens(unseen::tokens(options))?;
                guarded.push(Guarded {
                    path: elliptic::PATH,
                    issuer: issuer.url,
                    key_set: issuer.key_set,
                    cached: false,
                });
            }
            stage.portcullis = Some(server);
        }
        if options.wants_any(&["plain", "seen", "unseen", "es256", "limited"]) {
            stage.envoy = Some(Envoy::start(folder, stage.backend.address, &guarded)?);
        }
        if options.wants_any(&["plain", "tls", "http2", "bodies", "handshakes"]) {
            let backends = Backends {
                small: stage.backend.address,
                large: stage.large.address,
            };
            stage.nginx = Some(Nginx::start(folder, backends)?);
        }
        Ok(stage)
    }

    /// Gets the tokens of the pool; returns the paths of Envoy that want them.
    fn get_tokens(&mut self, server: &Portcullis, options: &Options) -> Result<Vec<Guarded>> {
        let count = match options.wants("unseen") {
            true => unseen::tokens(options),
            false => 1,
        };
        println!("getting {count} tokens from the server");
        self.tokens = deployment::tokens(server, count)?;
        let (region, pool) = (&server.region, server.output("PoolId")?);
        let issuer = format!("https://cognito-idp.{region}.amazonaws.com/{pool}");
        let key_set = deployment::key_set(server)?;
        let guard = |(path, cached): (&'static str, bool)| Guarded {
            path,
            issuer: issuer.clone(),
            key_set: key_set.clone(),
            cached,
        };
        Ok([("guarded", true), (unseen::RSA_PATH, false)].map(guard).into())
    }

    pub(super) fn server(&self) -> Result<&Portcullis> {
        self.portcullis.as_ref().context("this scenario needs the server")
    }

    pub(super) fn contestant(
        &self,
        name: &str,
        to: To<'_>,
        requests: Vec<Vec<u8>>,
        options: &Options,
    ) -> Contestant {
        let (address, process) = match to {
            To::Portcullis(server) => (server.public, server.process.id()),
            To::Nginx(nginx) => (nginx.address, nginx.process.id()),
            To::Envoy(envoy) => (envoy.address, envoy.process.id()),
        };
        Contestant {
            name: name.to_owned(),
            load: Load {
                address,
                process,
                connections: options.connections,
                way: Way::KeepAlive,
                warm_up: requests.first().cloned().unwrap_or_default(),
                requests: requests.into(),
                extent: Extent::For(options.seconds),
                tls: None,
            },
            slices: Vec::new(),
        }
    }

    pub(super) fn ours(&self, path: &str, token: Option<&str>) -> Result<Vec<u8>> {
        let server = self.server()?;
        let host = server.host(&server.output("ApiId")?);
        Ok(request(&host, &format!("/prod/{path}"), token))
    }
}

#[derive(Clone, Copy)]
pub(super) enum To<'a> {
    Portcullis(&'a Portcullis),
    Nginx(&'a Nginx),
    Envoy(&'a Envoy),
}

pub(super) fn request(host: &str, path: &str, token: Option<&str>) -> Vec<u8> {
    match token {
        Some(token) => message::get(host, path, &[("authorization", &format!("Bearer {token}"))]),
        None => message::get(host, path, &[]),
    }
}

/// Returns the contests that were asked for.
pub(super) fn all(stage: &Stage, options: &Options) -> Result<Vec<Contest>> {
    let mut contests = Vec::new();
    if options.wants("plain") {
        contests.push(plain(stage, options)?);
    }
    contests.extend(transport::wanted(stage, options)?);
    if options.wants("seen") {
        contests.push(seen(stage, options)?);
    }
    if options.wants("unseen") {
        contests.push(unseen::rsa(stage, options)?);
    }
    if options.wants_elliptic() {
        contests.push(unseen::elliptic(stage, options)?);
    }
    if options.wants("limited") {
        contests.push(limited(stage, options)?);
    }
    if options.wants("layers") {
        contests.push(by_layer(stage, options)?);
    }
    if options.wants("mutual") {
        contests.push(mutual(stage, options)?);
    }
    if options.wants("routes") {
        contests.push(routes(stage, options)?);
    }
    if options.wants("keys") {
        contests.push(many_keys(stage, options)?);
    }
    Ok(contests)
}

fn plain(stage: &Stage, options: &Options) -> Result<Contest> {
    let mut contestants = Vec::new();
    if let Some(server) = &stage.portcullis {
        contestants.push(stage.contestant(
            "Portcullis",
            To::Portcullis(server),
            vec![stage.ours("plain", None)?],
            options,
        ));
    }
    if let Some(nginx) = &stage.nginx {
        contestants.push(stage.contestant(
            "nginx",
            To::Nginx(nginx),
            vec![request("bench", "/plain", None)],
            options,
        ));
    }
    if let Some(envoy) = &stage.envoy {
        contestants.push(stage.contestant(
            "Envoy",
            To::Envoy(envoy),
            vec![request("bench", "/plain", None)],
            options,
        ));
    }
    Ok(Contest {
        name: "Plain proxy",
        explanation: format!("One open route, {} connections.", options.connections),
        contestants,
    })
}

fn seen(stage: &Stage, options: &Options) -> Result<Contest> {
    let token = stage.tokens.first().map(String::as_str);
    let mut contestants = vec![
        stage.contestant(
            "Portcullis, plain",
            To::Portcullis(stage.server()?),
            vec![stage.ours("plain", None)?],
            options,
        ),
        stage.contestant(
            "Portcullis, token seen before",
            To::Portcullis(stage.server()?),
            vec![stage.ours("guarded", token)?],
            options,
        ),
    ];
    if let Some(envoy) = &stage.envoy {
        let guarded = vec![request("bench", "/guarded", token)];
        contestants.push(stage.contestant("Envoy, token seen before", To::Envoy(envoy), guarded, options));
    }
    Ok(Contest {
        name: "A token seen before",
        explanation:
            "RS256, a user pool's access token with a scope; Envoy's `jwt_authn` with its token cache, which \
                      checks no scope and no revocation."
                .to_owned(),
        contestants,
    })
}

fn by_layer(stage: &Stage, options: &Options) -> Result<Contest> {
    let server = stage.server()?;
    let known = Known {
        token: stage.tokens.first().cloned().context("no token")?,
        credentials: server.credentials()?,
        region: server.region.clone(),
    };
    let mut contestants = Vec::new();
    for row in ROWS {
        let request = row.request(server, &known)?;
        contestants.push(stage.contestant(row.name, To::Portcullis(server), vec![request], options));
    }
    Ok(Contest {
        name: "Layers",
        explanation:
            "Each layer switched on alone, on an API of its own, and the whole chain; a small JSON by POST."
                .to_owned(),
        contestants,
    })
}

fn mutual(stage: &Stage, options: &Options) -> Result<Contest> {
    let server = stage.server()?;
    let client = stage.client.as_ref().context("no client's certificate")?;
    let mut contestants = Vec::new();
    for (name, host) in [
        ("custom domain", mutual_tls::OPEN),
        ("custom domain, mutual TLS", mutual_tls::MUTUAL),
    ] {
        let requests = vec![request(host, "/plain", None)];
        let mut contestant = stage.contestant(name, To::Portcullis(server), requests, options);
        contestant.load.address = server.https;
        contestant.load.tls = Some(client.tls(server, host)?);
        contestants.push(contestant);
    }
    Ok(Contest {
        name: "Mutual TLS",
        explanation: "TLS 1.3, keep-alive, one open route.".to_owned(),
        contestants,
    })
}

fn routes(stage: &Stage, options: &Options) -> Result<Contest> {
    println!("making {SMALL_API_ROUTES} and {} routes", options.routes);
    let mut contestants = Vec::new();
    let mut live = Vec::new();
    for count in [SMALL_API_ROUTES, options.routes] {
        let routes = deployment::routes(stage.server()?, stage.backend.address, count)?;
        let took = deployment::change_is_live_in(stage.server()?, &routes)?;
        println!("  {count} routes: a change is live in {took:.2?}");
        live.push(format!("{took:.1?} among {count}"));
        let requests = routes
            .iter()
            .map(|(host, path)| request(host, path, None))
            .collect();
        contestants.push(stage.contestant(
            &format!("Portcullis, {count} routes"),
            To::Portcullis(stage.server()?),
            requests,
            options,
        ));
    }
    Ok(Contest {
        name: "Routes",
        explanation: format!(
            "Every route in turn. AWS's quota of 300 paths an API holds, so many routes are many APIs. From asking for a \
             deployment until a changed route answers by it: {}.",
            live.join(", ")
        ),
        contestants,
    })
}

fn limited(stage: &Stage, options: &Options) -> Result<Contest> {
    let server = stage.server()?;
    let token = stage.tokens.first().context("no token")?;
    let bearer = format!("Bearer {token}");
    let host = server.host(&server.output("ApiId")?);
    let fields = [("authorization", bearer.as_str()), ("x-api-key", deployment::KEY)];
    let ours = vec![message::get(&host, "/prod/guarded-limited", &fields)];
    let mut contestants = vec![
        stage.contestant(
            "Portcullis, plain",
            To::Portcullis(server),
            vec![stage.ours("plain", None)?],
            options,
        ),
        stage.contestant(
            "Portcullis, token, API key, throttle",
            To::Portcullis(server),
            ours,
            options,
        ),
    ];
    if let Some(envoy) = &stage.envoy {
        let theirs = vec![message::get("bench", "/guarded-limited", &fields)];
        contestants.push(stage.contestant(
            "Envoy, token, local rate limit",
            To::Envoy(envoy),
            theirs,
            options,
        ));
    }
    Ok(Contest {
        name: "A token seen before, an API key and a throttle",
        explanation: "As for a token seen before, with a key's own throttle in a usage plan; Envoy has one bucket for all, and \
                      knows no keys."
            .to_owned(),
        contestants,
    })
}

/// Requests of one half round, each with another key.
const KEYED_REQUESTS: usize = 60_000;
/// Keys of the plan with a quota: enough that hardly one comes twice in a half round.
const METERED_KEYS_MAX: usize = 400_000;
/// More than the one key that warms the plan up can use; leases are as long as they ever are.
const QUOTA: u32 = 100_000_000;

fn many_keys(stage: &Stage, options: &Options) -> Result<Contest> {
    println!("making API keys");
    let server = stage.server()?;
    let mut contestants = Vec::new();
    let mut loading = None;
    let metered = options.keys.min(METERED_KEYS_MAX);
    for (count, quota) in [(10, None), (options.keys, None), (metered, Some(QUOTA))] {
        let keyed = keys::make(server, stage.backend.address, count, quota)?;
        loading = loading.or_else(|| keyed.loading.said());
        let with = if quota.is_some() { " with a quota" } else { "" };
        let name = format!("Portcullis, {} API keys{with}", keyed.count);
        let mut contestant = stage.contestant(&name, To::Portcullis(server), keyed.requests(1, 0), options);
        contestant.slices = (1..=options.rounds * 2)
            .map(|half| keyed.requests(KEYED_REQUESTS, half).into())
            .collect();
        contestants.push(contestant);
    }
    Ok(Contest {
        name: "API keys",
        explanation: format!(
            "{KEYED_REQUESTS} requests a half round, each with a key drawn at random; the plan has a throttle. {}",
            loading.map_or_else(String::new, |said| format!("Loading by ImportApiKeys, {said}."))
        ),
        contestants,
    })
}

impl Drop for Stage {
    fn drop(&mut self) {
        println!("logs are in {}", self.folder.display());
    }
}
