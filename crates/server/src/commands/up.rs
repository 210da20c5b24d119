//! `portcullis up`: everything on the embedded store in one directory, templates deployed, URLs printed, until Ctrl-C.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use portcullis_control::Control;
use portcullis_gateway::snapshot::stage_tags::ObservedStages;
use portcullis_model::{
    Scope, SystemClock, SystemEntropy,
    resources::{apigateway::Stage, iam::AccessKey},
};
use portcullis_store::{Store, kinds, typed};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::{
    demo,
    deployment::{self, Deployment},
    report::Report,
};
use crate::{
    cli::Up,
    client::AdminClient,
    installation::{CredentialsFile, Endpoints, Installation, PublicEndpoints, StackEndpoints},
    local_ca::LocalCa,
    settings::{RunFunctions, Settings},
    wiring::{Addresses, Certified, Server, cores},
};

/// Runs until a signal.
pub(crate) fn run(up: &Up) -> Result<ExitCode> {
    let named = templates(up)?;
    super::start_log();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(serve(up, named))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(up: &Up, named: Vec<(String, PathBuf)>) -> Result<()> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let report = Report { json: up.json };
    let installation = Installation::open(&up.data)?;
    let settings = settings(up, &installation);
    let (server, addresses) = Server::assemble(&settings, &installation).await?;
    Endpoints::remove(&installation)?;
    let ca = Arc::new(LocalCa::open_or_create(
        &installation,
        &up.domain,
        Arc::new(SystemClock),
    )?);
    let credentials = first_credentials(&server, &installation).await?;
    let running = server.start(ca.clone(), Some(ca))?;
    let mut endpoints = endpoints(up, &installation, addresses);
    let work = async {
        deploy(up, report, named, &mut endpoints, credentials).await?;
        if up.demo {
            demo::run(&running.control, &endpoints, report).await?;
        }
        announce(&endpoints, report);
        announce_stages(&running.control, &endpoints, report).await?;
        report.line("ready", "ready; Ctrl-C stops");
        endpoints.write(&installation)
    };
    let done = tokio::select! {
        done = work => done,
        _ = interrupted.recv() => return stop(running, &installation).await,
        _ = terminated.recv() => return stop(running, &installation).await,
    };
    if let Err(error) = done {
        stop(running, &installation).await?;
        return Err(error);
    }
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    stop(running, &installation).await
}

async fn stop(running: crate::wiring::Running, installation: &Installation) -> Result<()> {
    Endpoints::remove(installation)?;
    running.stop().await;
    Ok(())
}

fn settings(up: &Up, installation: &Installation) -> Settings {
    Settings {
        root_key: installation.root_key(),
        scope: Scope::new(up.account.as_str(), up.region.as_str()),
        domain: up.domain.clone(),
        issuer: None,
        path_forms: true,
        public: up.public,
        public_http: Some(up.public_http),
        redirect_http: false,
        admin: up.admin,
        proxy: Some(up.proxy),
        workers: cores(),
        public_port: None,
        integration_ranges: None,
        trusted_proxies: None,
        certified: Certified::LocalCa {
            domain: up.domain.clone(),
        },
        acme: None,
        account_throttle: up.account_throttle,
        functions: up.functions.clone(),
        local_functions: RunFunctions::IfPossible,
        buckets: up.buckets.clone(),
        service_endpoints: up.service_endpoints.clone(),
        access_logs_to_stdout: up.access_logs_to_stdout,
        encrypt_logs: up.encrypt_logs,
        streamed_body_bytes_max: None,
        vpc_endpoints: up.vpc_endpoints.clone(),
        observed: ObservedStages::default(),
        upstreams: up.upstreams.clone(),
    }
}

/// Names the stack of each template: what was said, the file's stem, or its folder's name for `template.*`.
fn templates(up: &Up) -> Result<Vec<(String, PathBuf)>> {
    let mut named: Vec<(String, PathBuf)> = Vec::new();
    for path in &up.templates {
        let name = match &up.stack {
            Some(name) => name.clone(),
            None => stack_name(path)?,
        };
        if let Some((_, other)) = named.iter().find(|(known, _)| *known == name) {
            bail!(
                "`{}` and `{}` would both be the stack {name}: bring them up one by one, with --stack",
                other.display(),
                path.display()
            );
        }
        named.push((name, path.clone()));
    }
    Ok(named)
}

fn stack_name(path: &Path) -> Result<String> {
    let path = fs::canonicalize(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    let stem = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    let name = if stem == "template" {
        path.parent()
            .and_then(Path::file_name)
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or(stem)
    } else {
        stem
    };
    // A stack's name is letters, digits and hyphens, and starts with a letter.
    let plain: String = name
        .chars()
        .map(|symbol| {
            if symbol.is_ascii_alphanumeric() {
                symbol
            } else {
                '-'
            }
        })
        .collect();
    if !plain.starts_with(|first: char| first.is_ascii_alphabetic()) {
        bail!("`{name}` cannot name a stack: say --stack NAME");
    }
    Ok(plain)
}

/// Returns the account's own key; makes it at first start. The same for the whole life of the directory.
async fn first_credentials(server: &Server, installation: &Installation) -> Result<CredentialsFile> {
    let path = installation.credentials();
    let parts = server.control.parts();
    if path.exists() {
        let file = CredentialsFile::read(&path)?;
        let known =
            portcullis_control::credentials::find(parts.store.as_ref(), &parts.vault, &file.access_key_id)
                .await
                .map_err(|error| anyhow::anyhow!(error.message))?;
        if known.is_none() {
            bail!(
                "`{}` holds a key that this data directory does not know: remove the file or restore the store",
                path.display()
            );
        }
        return Ok(file);
    }
    if has_root_key(server.store.as_ref()).await? {
        bail!("`{}` is gone, and its secret with it: restore it", path.display());
    }
    let made = portcullis_control::credentials::create(
        parts.store.as_ref(),
        &parts.vault,
        &SystemClock,
        &SystemEntropy,
        &parts.scope,
        None,
    )
    .await
    .map_err(|error| anyhow::anyhow!(error.message))?;
    CredentialsFile::write(&path, made.record.access_key_id.as_str(), &made.secret)?;
    CredentialsFile::read(&path)
}

async fn has_root_key(store: &dyn Store) -> Result<bool> {
    let keys = typed::list_everywhere_json::<AccessKey>(store, kinds::ACCESS_KEY).await?;
    // A crash between the first key and its file leaves a key that nobody knows: only keys that could have been used count.
    Ok(keys.iter().any(|key| key.value.user_name.is_none()) && has_anything_else(store).await?)
}

async fn has_anything_else(store: &dyn Store) -> Result<bool> {
    Ok(store.sequence().await? > 0)
}

async fn deploy(
    up: &Up,
    report: Report,
    named: Vec<(String, PathBuf)>,
    endpoints: &mut Endpoints,
    credentials: CredentialsFile,
) -> Result<()> {
    let client = AdminClient::with(&endpoints.admin, credentials, &endpoints.region)?;
    let parameters = up.parameters.clone();
    let stacks = tokio::task::spawn_blocking(move || -> Result<BTreeMap<_, _>> {
        for (stack, template) in &named {
            Deployment {
                template,
                stack,
                parameters: &parameters,
            }
            .run(&client, report)?;
        }
        deployment::stacks(&client)
    })
    .await??;
    endpoints.stacks = stacks
        .into_iter()
        .map(|(name, outputs)| (name, StackEndpoints { outputs }))
        .collect();
    Ok(())
}

fn endpoints(up: &Up, installation: &Installation, addresses: Addresses) -> Endpoints {
    let http = |address: Option<std::net::SocketAddr>| {
        address
            .map(|address| format!("http://{address}"))
            .unwrap_or_default()
    };
    Endpoints {
        public: PublicEndpoints {
            https: format!("https://{}", addresses.public),
            http: http(addresses.public_http),
        },
        admin: http(Some(addresses.admin)),
        proxy: http(addresses.proxy),
        ca: installation.ca_certificate(),
        credentials: installation.credentials(),
        region: up.region.clone(),
        account: up.account.clone(),
        domain: up.domain.clone(),
        stacks: BTreeMap::new(),
    }
}

fn announce(endpoints: &Endpoints, report: Report) {
    for (stack, StackEndpoints { outputs }) in &endpoints.stacks {
        for (name, value) in outputs {
            report.either(
                &json!({ "event": "output", "stack": stack, "name": name, "value": value }),
                &format!("{stack}: {name} = {value}"),
            );
        }
    }
    for (name, url) in [
        ("https", &endpoints.public.https),
        ("http", &endpoints.public.http),
        ("admin", &endpoints.admin),
        ("proxy", &endpoints.proxy),
    ] {
        report.either(
            &json!({ "event": "listening", "name": name, "url": url }),
            &format!("{name:<6} {url}"),
        );
    }
}

/// Prints where each stage is from this machine; a template's own outputs name AWS's hosts, which `exec` makes reachable.
async fn announce_stages(control: &Control, endpoints: &Endpoints, report: Report) -> Result<()> {
    let store = control.parts().store.as_ref();
    for stage in typed::list_everywhere_json::<Stage>(store, kinds::API_STAGE).await? {
        let url = endpoints.stage_url(&stage.value);
        report.either(&json!({ "event": "stage", "url": url }), &format!("stage  {url}"));
    }
    Ok(())
}
