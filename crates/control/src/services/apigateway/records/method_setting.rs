//! What a stage says of its methods: <https://docs.aws.amazon.com/apigateway/latest/api/API_MethodSetting.html>
//!
//! Throttles, caching and logging have effect. Metrics are kept and have none: every request is counted.

use std::collections::BTreeMap;

use portcullis_model::resources::apigateway::{ApiImage, MethodSetting, Resource};

use crate::{
    operation::AwsError,
    services::apigateway::{errors::bad_request, patch::PatchOperation},
};

/// Methods of a stage with settings of their own.
pub(super) const METHOD_SETTINGS_MAX: usize = 300;

/// How long an answer may be kept, in seconds, as AWS's quota.
const CACHE_TTL_SECONDS_MAX: u32 = 3_600;
const STRATEGIES: [&str; 3] = [
    "FAIL_WITH_403",
    "SUCCEED_WITH_RESPONSE_HEADER",
    "SUCCEED_WITHOUT_RESPONSE_HEADER",
];

/// The settings of a stage, by method.
pub type MethodSettings = BTreeMap<String, MethodSetting>;

/// Returns the key of a method as records have it: `pets/{id}/GET`, `/GET` on the root, `*/*` for all. `path` is the path with
/// `~1` for its slashes or as it is; `None` for what names no method.
pub fn key_of(path: &str, method: &str) -> Option<String> {
    let path = path.replace("~1", "/").replace("~0", "~");
    let path = path.trim_start_matches('/');
    let all = path == "*";
    if all != (method == "*") || method.is_empty() {
        return None;
    }
    Some(format!("{path}/{method}"))
}

/// Applies an operation such as `replace /~1pets/GET/throttling/rateLimit`. False: its path is no method setting's.
pub fn patch(settings: &mut MethodSettings, operation: &PatchOperation) -> Result<bool, AwsError> {
    let path = operation.path.as_str();
    if let Some(key) = whole(path)
        && operation.op == "remove"
        && settings.remove(&key).is_some()
    {
        return Ok(true);
    }
    let Some((key, name)) = single(path) else {
        return Ok(false);
    };
    if !["add", "replace", "remove"].contains(&operation.op.as_str()) {
        return Err(bad_request(format!(
            "Unsupported patch operation '{}': use add, replace or remove",
            operation.op
        )));
    }
    let value = match operation.op.as_str() {
        "remove" => None,
        _ => Some(operation.value.as_deref().unwrap_or_default()),
    };
    set(settings.entry(key).or_default(), name, value).map(|()| true)
}

/// Reads `/~1pets/GET`.
fn whole(path: &str) -> Option<String> {
    let (path, method) = path.strip_prefix('/')?.rsplit_once('/')?;
    key_of(path, method)
}

/// Reads `/~1pets/GET/throttling/rateLimit`.
fn single(path: &str) -> Option<(String, &str)> {
    const NAMES: [&str; 10] = [
        "/throttling/rateLimit",
        "/throttling/burstLimit",
        "/logging/loglevel",
        "/logging/dataTrace",
        "/metrics/enabled",
        "/caching/enabled",
        "/caching/ttlInSeconds",
        "/caching/dataEncrypted",
        "/caching/requireAuthorizationForCacheControl",
        "/caching/unauthorizedCacheControlHeaderStrategy",
    ];
    let name = NAMES.into_iter().find(|name| path.ends_with(name))?;
    let key = whole(path.strip_suffix(name)?)?;
    Some((key, name.get(1..)?))
}

fn set(setting: &mut MethodSetting, name: &str, value: Option<&str>) -> Result<(), AwsError> {
    let wrong = || {
        bad_request(format!(
            "Invalid patch value '{}' specified for '{name}'",
            value.unwrap_or_default()
        ))
    };
    let flag = |value: Option<&str>| match value.map(str::to_ascii_lowercase).as_deref() {
        Some("true") => Ok(true),
        Some("false") | None => Ok(false),
        Some(_) => Err(wrong()),
    };
    match name {
        "throttling/rateLimit" => {
            let rate = value.map(str::parse::<f64>).transpose().map_err(|_| wrong())?;
            setting.throttling_rate_limit = rate;
        }
        "throttling/burstLimit" => {
            let burst = value.map(str::parse::<u32>).transpose().map_err(|_| wrong())?;
            setting.throttling_burst_limit = burst;
        }
        "logging/loglevel" => setting.logging_level = value.map(str::to_owned),
        "logging/dataTrace" => setting.data_trace_enabled = flag(value)?,
        "metrics/enabled" => setting.metrics_enabled = flag(value)?,
        "caching/enabled" => setting.caching_enabled = Some(flag(value)?),
        "caching/dataEncrypted" => setting.cache_data_encrypted = Some(flag(value)?),
        "caching/requireAuthorizationForCacheControl" => {
            setting.require_authorization_for_cache_control = value.map(|_| flag(value)).transpose()?;
        }
        "caching/ttlInSeconds" => {
            setting.cache_ttl_in_seconds = value.map(str::parse).transpose().map_err(|_| wrong())?;
        }
        "caching/unauthorizedCacheControlHeaderStrategy" => {
            setting.unauthorized_cache_control_header_strategy = value.map(str::to_owned);
        }
        _ => return Err(wrong()),
    }
    Ok(())
}

/// Tells whether an image has the method that a key is of; `*/*` is of any.
pub(super) fn names_a_method(key: &str, image: &ApiImage) -> bool {
    let Some((path, method)) = key.rsplit_once('/') else {
        return false;
    };
    let has = |resource: &Resource| {
        resource.path.trim_start_matches('/') == path && resource.methods.contains_key(method)
    };
    key == "*/*" || image.resources.iter().any(has)
}

/// Checks the settings of a stage. Whether the methods are there is asked where the deployment is known.
pub(super) fn check(settings: &MethodSettings) -> Result<(), AwsError> {
    if settings.len() > METHOD_SETTINGS_MAX {
        return Err(bad_request(format!(
            "A stage may have settings for at most {METHOD_SETTINGS_MAX} methods"
        )));
    }
    for (key, setting) in settings {
        if setting
            .throttling_rate_limit
            .is_some_and(|rate| !rate.is_finite() || rate < 0.0)
        {
            return Err(bad_request(format!(
                "The throttling rate limit of `{key}` must be at least 0"
            )));
        }
        if setting
            .cache_ttl_in_seconds
            .is_some_and(|seconds| seconds > CACHE_TTL_SECONDS_MAX)
        {
            return Err(bad_request(format!(
                "Invalid cache TTL of `{key}`: use 0 to {CACHE_TTL_SECONDS_MAX} seconds"
            )));
        }
        if let Some(strategy) = &setting.unauthorized_cache_control_header_strategy
            && !STRATEGIES.contains(&strategy.as_str())
        {
            return Err(bad_request(format!(
                "Invalid unauthorizedCacheControlHeaderStrategy '{strategy}' of `{key}`: use {}",
                STRATEGIES.join(", ")
            )));
        }
        if let Some(level) = &setting.logging_level
            && !["OFF", "ERROR", "INFO"].contains(&level.as_str())
        {
            return Err(bad_request(format!(
                "Invalid logging level '{level}' of `{key}`: use OFF, ERROR or INFO"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(op: &str, path: &str, value: Option<&str>) -> PatchOperation {
        PatchOperation {
            op: op.into(),
            path: path.into(),
            value: value.map(str::to_owned),
            from: None,
        }
    }

    #[test]
    fn keys_are_written_in_one_way_however_the_path_is_given() {
        for (path, method, key) in [
            ("*", "*", "*/*"),
            ("/*", "*", "*/*"),
            ("~1pets~1{id}", "GET", "pets/{id}/GET"),
            ("/~1pets", "GET", "pets/GET"),
            ("pets", "GET", "pets/GET"),
            ("/", "GET", "/GET"),
            ("~1", "GET", "/GET"),
        ] {
            assert_eq!(key_of(path, method).as_deref(), Some(key), "{path} {method}");
        }
        assert_eq!(key_of("*", "GET"), None);
        assert_eq!(key_of("pets", "*"), None);
    }

    #[test]
    fn settings_are_patched_one_by_one_and_removed_whole() {
        let mut settings = MethodSettings::new();
        for (path, value) in [
            ("/*/*/throttling/rateLimit", "10.5"),
            ("/*/*/throttling/burstLimit", "20"),
            ("/~1pets~1{id}/GET/throttling/rateLimit", "1"),
            ("//GET/metrics/enabled", "true"),
        ] {
            assert!(patch(&mut settings, &operation("replace", path, Some(value))).unwrap());
        }
        assert_eq!(settings["*/*"].throttling_rate_limit, Some(10.5));
        assert_eq!(settings["*/*"].throttling_burst_limit, Some(20));
        assert_eq!(settings["pets/{id}/GET"].throttling_rate_limit, Some(1.0));
        assert!(settings["/GET"].metrics_enabled);
        assert!(patch(&mut settings, &operation("remove", "/*/*", None)).unwrap());
        assert!(!settings.contains_key("*/*"));
        assert!(!patch(&mut settings, &operation("replace", "/description", Some("x"))).unwrap());
        for (path, value) in [
            ("/*/*/throttling/rateLimit", "fast"),
            ("/*/*/throttling/burstLimit", "-1"),
            ("/*/*/caching/enabled", "perhaps"),
            ("/*/*/caching/ttlInSeconds", "long"),
        ] {
            assert!(
                patch(&mut settings, &operation("replace", path, Some(value))).is_err(),
                "{path}"
            );
        }
    }
}
