//! `portcullis exec`: a command with everything in its environment that a client of ours needs.

use std::{
    ffi::OsString,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Command, ExitCode},
};

use anyhow::{Context, Result};

use crate::installation::{CredentialsFile, Endpoints, Installation};

/// Replaces this process by the command.
pub(crate) fn run(data: &Path, command: &[OsString]) -> Result<ExitCode> {
    let installation = Installation::existing(data)?;
    let endpoints = Endpoints::read(&installation)?;
    let credentials = CredentialsFile::read(&endpoints.credentials)?;
    let (program, arguments) = command.split_first().context("no command to run")?;
    let mut child = Command::new(program);
    child.args(arguments);
    for variable in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"] {
        child.env_remove(variable);
    }
    // The caller's own endpoints of single services would go elsewhere.
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("AWS_ENDPOINT_URL_") {
            child.env_remove(variable);
        }
    }
    child
        .env("AWS_ACCESS_KEY_ID", &credentials.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", &credentials.secret_access_key)
        .env("AWS_REGION", &endpoints.region)
        .env("AWS_DEFAULT_REGION", &endpoints.region)
        .env("AWS_ENDPOINT_URL", &endpoints.admin)
        .env("NODE_USE_ENV_PROXY", "1")
        .env("NODE_EXTRA_CA_CERTS", &endpoints.ca);
    for variable in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"] {
        child.env(variable, &endpoints.proxy);
    }
    for variable in ["NO_PROXY", "no_proxy"] {
        child.env(variable, "127.0.0.1,::1");
    }
    for variable in [
        "AWS_CA_BUNDLE",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "SSL_CERT_FILE",
    ] {
        child.env(variable, installation.ca_bundle());
    }
    let cause = child.exec();
    Err(cause).with_context(|| format!("`{}` cannot be run", program.to_string_lossy()))
}
