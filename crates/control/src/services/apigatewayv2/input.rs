//! From a call to what the records want.

use portcullis_model::{ApiId, StageName};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::records::{HttpApis, import::ImportOptions};
use crate::{
    operation::{AwsError, Call},
    services::apigateway::{
        errors::bad_request,
        input::{apis, is_on, label, wanted_by},
        records::{Wanted, import::base_path},
    },
};

/// Returns the HTTP APIs as the caller sees them.
pub(super) fn http_apis<'a>(call: &Call<'a>) -> HttpApis<'a> {
    HttpApis(apis(call))
}

/// Returns the API that the path names.
pub(super) fn api(call: &Call<'_>) -> ApiId {
    ApiId::from(label(call, "apiId"))
}

/// Returns the stage that the path, or the body, names.
pub(super) fn stage(call: &Call<'_>) -> StageName {
    StageName::from(label(call, "stageName"))
}

/// Returns the members that are not `labels` of the path.
pub(super) fn members(call: &Call<'_>, labels: &[&str]) -> Map<String, Value> {
    let fields = call.input.iter();
    fields
        .filter(|(name, value)| !labels.contains(&name.as_str()) && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Reads the members that are not `labels` of the path into settings.
pub(super) fn body<S: DeserializeOwned>(call: &Call<'_>, labels: &[&str]) -> Result<S, AwsError> {
    serde_json::from_value(members(call, labels).into())
        .map_err(|cause| bad_request(format!("Invalid request input: {cause}")))
}

/// Reads how a document is to be taken.
pub(super) fn import_options(call: &Call<'_>) -> Result<ImportOptions, AwsError> {
    Ok(ImportOptions {
        base_path: base_path(call.text("basepath"))?,
        fail_on_warnings: is_on(call, "failOnWarnings"),
        ..ImportOptions::default()
    })
}

/// Reads which page is wanted.
pub(super) fn wanted(call: &Call<'_>) -> Result<Wanted, AwsError> {
    wanted_by(call, "nextToken", "maxResults")
}
