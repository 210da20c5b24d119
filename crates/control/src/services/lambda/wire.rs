//! Functions as AWS's clients read them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_model::resources::lambda::Function;
use serde_json::{Value, json};

use super::functions;
use crate::operation::{AwsError, Call};

/// Writes a `FunctionConfiguration`.
pub(super) fn configuration(call: &Call<'_>, function: &Function) -> Result<Value, AwsError> {
    let at = function.last_modified.iso8601();
    let mut written = json!({
        "FunctionName": function.function_name,
        "FunctionArn": function.arn(call.scope),
        "Runtime": function.runtime,
        "Role": function.role,
        "Handler": function.handler,
        "CodeSize": function.code_bytes,
        "Description": function.description,
        "Timeout": function.timeout_seconds,
        "MemorySize": function.memory_mb,
        "LastModified": at.replace('Z', "+0000"),
        "CodeSha256": code_sha256(&function.code_digest),
        "Version": "$LATEST",
        "RevisionId": function.revision_id,
        "State": "Active",
        "StateReason": runs_on(call, function),
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": if function.architectures.is_empty() { json!(["x86_64"]) } else { json!(function.architectures) },
        "TracingConfig": {"Mode": "PassThrough"},
    });
    let environment = functions(call).environment(function)?;
    if let Some(written) = written.as_object_mut().filter(|_| !environment.is_empty()) {
        written.insert("Environment".into(), json!({ "Variables": environment }));
    }
    Ok(written)
}

/// Says what really runs the function, which its runtime's name may not.
fn runs_on(call: &Call<'_>, function: &Function) -> String {
    let runner = &call.parts.functions;
    if runner.is_bound(&function.arn(call.scope)) {
        return "runs behind the endpoint that it is bound to".into();
    }
    match &runner.local {
        Some(local) => format!("runs on Python {} of this machine", local.python().version),
        None => "does not run: local functions are off".into(),
    }
}

fn code_sha256(digest: &str) -> String {
    let bytes: Vec<u8> = digest
        .as_bytes()
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    STANDARD.encode(bytes)
}
