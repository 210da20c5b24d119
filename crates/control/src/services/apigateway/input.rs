//! From a call to what the records want.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_model::{ApiId, ResourceId};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    errors::bad_request,
    patch::PatchOperation,
    records::{
        Apis, Listed, Wanted,
        api_key::Plans,
        client_certificate::ClientCertificates,
        domain_name::Domains,
        import::{self, ImportOptions},
        method::MethodKey,
    },
};
use crate::operation::{AwsError, Call};

/// Returns the APIs as the caller sees them.
pub(in crate::services) fn apis<'a>(call: &Call<'a>) -> Apis<'a> {
    Apis::of(call.parts, call.scope)
}

/// Returns the custom domains as the caller sees them.
pub(in crate::services) fn domains<'a>(call: &Call<'a>) -> Domains<'a> {
    Domains::of(call.parts, call.scope)
}

/// Returns the API keys and usage plans as the caller sees them.
pub(super) fn plans<'a>(call: &Call<'a>) -> Plans<'a> {
    Plans {
        apis: apis(call),
        vault: &call.parts.vault,
        counters: call.parts.usage.as_ref(),
    }
}

/// Returns the client certificates as the caller sees them.
pub(super) fn client_certificates<'a>(call: &Call<'a>) -> ClientCertificates<'a> {
    ClientCertificates {
        apis: apis(call),
        vault: &call.parts.vault,
        edge: call.parts.certificates.as_ref(),
    }
}

/// Returns the document that is the body.
pub(super) fn document(call: &Call<'_>) -> Vec<u8> {
    STANDARD
        .decode(call.text("body").unwrap_or_default())
        .unwrap_or_default()
}

/// Reads how a document is to be taken. `ignore=documentation` is how every document is taken here.
pub(super) fn import_options(call: &Call<'_>) -> Result<ImportOptions, AwsError> {
    if call.text("ignore").is_some_and(|what| what != "documentation") {
        return Err(bad_request(
            "Invalid ignore specified: the one value is documentation",
        ));
    }
    Ok(ImportOptions {
        base_path: import::base_path(call.text("basepath"))?,
        fail_on_warnings: is_on(call, "failonwarnings"),
        endpoint_types: call
            .text("endpointConfigurationTypes")
            .map(|kind| kind.to_ascii_uppercase())
            .into_iter()
            .collect(),
        ..ImportOptions::default()
    })
}

/// Tells whether a switch of the query or body is on.
pub(in crate::services) fn is_on(call: &Call<'_>, name: &str) -> bool {
    match call.input.get(name) {
        Some(Value::Bool(on)) => *on,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// Returns the ARN of `path`, its labels filled in: `arn:aws:apigateway:{region}::/restapis/{id}`, without account.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html>
pub(in crate::services) fn arn(call: &Call<'_>, path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        name.map_or(segment, |name| label(call, name))
    });
    let filled = segments.collect::<Vec<_>>().join("/");
    format!("arn:aws:apigateway:{}::{filled}", call.scope.region)
}

/// Returns a text member, empty when there is none.
pub(in crate::services) fn label<'c>(call: &'c Call<'_>, name: &str) -> &'c str {
    call.text(name).unwrap_or_default()
}

/// Returns the API that the path names.
pub(super) fn api(call: &Call<'_>) -> ApiId {
    ApiId::from(label(call, "restapi_id"))
}

/// Returns the method that the path names.
pub(super) fn method_key(call: &Call<'_>) -> MethodKey {
    MethodKey {
        api: api(call),
        resource: ResourceId::from(label(call, "resource_id")),
        http_method: label(call, "http_method").to_owned(),
    }
}

/// Reads the members of the body into settings.
pub(super) fn body<S: DeserializeOwned>(call: &Call<'_>) -> Result<S, AwsError> {
    body_without(call, &[])
}

/// Reads the members of the body, but for `left_out`, into settings.
pub(super) fn body_without<S: DeserializeOwned>(call: &Call<'_>, left_out: &[&str]) -> Result<S, AwsError> {
    // Labels are written with `_`, which no member of a body has.
    let fields: Map<String, Value> = call
        .input
        .iter()
        .filter(|(name, value)| !name.contains('_') && !left_out.contains(&name.as_str()) && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    serde_json::from_value(fields.into())
        .map_err(|cause| bad_request(format!("Invalid request input: {cause}")))
}

/// Reads the patch operations.
pub(super) fn patches(call: &Call<'_>) -> Result<Vec<PatchOperation>, AwsError> {
    let operations = call.input.get("patchOperations").cloned();
    serde_json::from_value(operations.unwrap_or_else(|| Value::Array(Vec::new())))
        .map_err(|cause| bad_request(format!("Invalid patch operations: {cause}")))
}

/// Reads which page is wanted.
pub(super) fn wanted(call: &Call<'_>) -> Result<Wanted, AwsError> {
    wanted_by(call, "position", "limit")
}

/// Reads which page is wanted from the members that say where it begins and how long it is.
pub(in crate::services) fn wanted_by(
    call: &Call<'_>,
    position: &str,
    limit: &str,
) -> Result<Wanted, AwsError> {
    let count = match call.input.get(limit) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.parse().ok()),
        Some(other) => Some(other.as_u64().and_then(|count| usize::try_from(count).ok())),
    };
    let count = count.map(|count| count.ok_or_else(|| bad_request(format!("`{limit}` is no number"))));
    Ok(Wanted {
        position: call.text(position).map(str::to_owned),
        limit: count.transpose()?,
    })
}

/// Tells whether the caller wants `what` within the answer.
pub(super) fn embeds(call: &Call<'_>, what: &str) -> bool {
    match call.input.get("embed") {
        Some(Value::Array(items)) => items.iter().any(|item| item == what),
        Some(Value::String(text)) => text.split(',').any(|item| item == what),
        _ => false,
    }
}

/// Returns a page of a list that is not kept in the store; its position is a number.
pub(super) fn numbered<T>(items: Vec<T>, wanted: &Wanted) -> Listed<T> {
    let start = wanted
        .position
        .as_deref()
        .and_then(|position| position.parse().ok())
        .unwrap_or(0_usize);
    let limit = wanted.limit.unwrap_or(usize::MAX).max(1);
    let end = start.saturating_add(limit);
    let position = (items.len() > end).then(|| end.to_string());
    Listed {
        items: items.into_iter().skip(start).take(limit).collect(),
        position,
    }
}
