//! The environment of a worker: AWS's documented variables and the function's own, nothing of the server's.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>

use std::{ffi::OsString, net::SocketAddr, path::Path};

use portcullis_model::Timestamp;

use super::{Definition, LocalSettings, Python};
use crate::ports::RoleCredentials;

/// Names that a function must not set.
pub const RESERVED: [&str; 24] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_LAMBDA_METADATA_API",
    "AWS_LAMBDA_METADATA_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "PORTCULLIS_WRAPPED",
];

/// Returns every variable of a worker of `definition`.
pub(super) fn variables(
    (definition, credentials): (&Definition, Option<&RoleCredentials>),
    settings: &LocalSettings,
    python: &Python,
    api: SocketAddr,
    temporary: &Path,
    started: Timestamp,
) -> Vec<(String, OsString)> {
    let at = started.utc();
    let stream = format!(
        "{:04}/{:02}/{:02}/[$LATEST]{}",
        at.year(),
        u8::from(at.month()),
        at.day(),
        settings.entropy.uuid().replace('-', "")
    );
    let text = |name: &str, value: &str| (name.to_owned(), OsString::from(value));
    let name = definition.name.as_str();
    let mut variables = vec![
        // So that the memory limit counts what is used, not what each thread sets aside. The function may say otherwise.
        text("MALLOC_ARENA_MAX", "1"),
        text("LANG", "C.UTF-8"),
        text("TZ", ":UTC"),
        text("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("TMPDIR".to_owned(), temporary.into()),
        // So that SDKs speak to this server and to no other; the function may say otherwise.
        text("AWS_ENDPOINT_URL", &settings.endpoint),
    ];
    for (name, value) in &definition.environment {
        variables.retain(|(known, _)| known != name);
        if !RESERVED.contains(&name.as_str()) {
            variables.push(text(name, value.expose()));
        }
    }
    variables.extend([
        text("_HANDLER", &definition.handler),
        text("AWS_REGION", &settings.region),
        text("AWS_DEFAULT_REGION", &settings.region),
        text(
            "AWS_EXECUTION_ENV",
            &format!("AWS_Lambda_python{}", python.version),
        ),
        text("AWS_LAMBDA_FUNCTION_NAME", name),
        text("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        text(
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            &definition.memory_mb.to_string(),
        ),
        text("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        text("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{name}")),
        text("AWS_LAMBDA_LOG_STREAM_NAME", &stream),
        text("AWS_LAMBDA_RUNTIME_API", &api.to_string()),
    ]);
    if let Some(credentials) = credentials {
        variables.extend([
            text("AWS_ACCESS_KEY_ID", &credentials.access_key_id),
            text("AWS_SECRET_ACCESS_KEY", credentials.secret.expose()),
            text("AWS_SESSION_TOKEN", credentials.session_token.expose()),
        ]);
    }
    variables.push(("LAMBDA_TASK_ROOT".to_owned(), definition.code.clone().into()));
    let runtime = python.bootstrap.parent().unwrap_or(&python.bootstrap);
    variables.push(("LAMBDA_RUNTIME_DIR".to_owned(), runtime.into()));
    variables
}
