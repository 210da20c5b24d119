//! What a stage says of the caching of a method, compiled.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_MethodSetting.html>. Settings for all methods turn caching on for `GET`
//! alone, as AWS does; another method needs a setting of its own.

use std::{collections::BTreeMap, sync::Arc};

use portcullis_model::{
    Problem,
    resources::apigateway::{Integration, Method, MethodSetting, Resource, ResponseTransferMode, Stage},
};

use super::CALLERS_TAG;
use crate::{
    mapping::expression::{Expression, Side},
    snapshot::method_settings::Effective,
};

const TTL_SECONDS_DEFAULT: u32 = 300;
/// How long an answer may be kept, in seconds: AWS's quota.
const TTL_SECONDS_MAX: u32 = 3_600;

/// How the answers of a method are kept.
pub(crate) struct MethodCache {
    pub(crate) ttl_seconds: u32,
    pub(crate) is_encrypted: bool,
    /// The resource's id unless the integration says another.
    pub(crate) namespace: Arc<str>,
    pub(crate) parameters: Box<[Expression]>,
    pub(crate) invalidation: Invalidation,
    /// An answer may be another caller's.
    pub(crate) shares_callers: bool,
    /// Which of several answers a client gets depends on what he accepts.
    pub(crate) varies_by_accept: bool,
}

/// Who may have an answer made anew by `Cache-Control: max-age=0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invalidation {
    Everybody,
    /// Who has the permission `execute-api:InvalidateCache`; others as it says.
    Permitted(Unauthorized),
}

/// What becomes of a request whose sender may not invalidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unauthorized {
    Fail,
    Warn,
    Ignore,
}

impl Unauthorized {
    fn parse(text: Option<&str>) -> Result<Self, String> {
        match text {
            None | Some("SUCCEED_WITH_RESPONSE_HEADER") => Ok(Self::Warn),
            Some("SUCCEED_WITHOUT_RESPONSE_HEADER") => Ok(Self::Ignore),
            Some("FAIL_WITH_403") => Ok(Self::Fail),
            Some(other) => Err(format!(
                "`{other}`: use `FAIL_WITH_403`, `SUCCEED_WITH_RESPONSE_HEADER` or `SUCCEED_WITHOUT_RESPONSE_HEADER`"
            )),
        }
    }
}

impl MethodCache {
    /// Compiles how a stage whose cluster is on keeps the answers of a method; none where it does not.
    pub(crate) fn compile(
        stage: &Stage,
        resource: &Resource,
        (name, method): (&str, &Method),
        has_binary_types: bool,
        problems: &mut Vec<Problem>,
    ) -> Option<Box<Self>> {
        let path = format!("{name} {}", resource.path);
        let mut refuse = |field: &str, message: String| {
            problems.push(Problem::error(None, format!("{path}: {field}"), message));
        };
        let integration = method.integration.as_ref()?;
        // Whether caching is on or not: nobody shall think that a key means anything that means nothing.
        let parameters = parameters(method, integration, &stage.variables, &mut refuse);
        let effective = Effective::of(stage, resource, name);
        // What streams is not held, so it cannot be kept, on AWS neither.
        let streams = integration.response_transfer_mode == ResponseTransferMode::Stream;
        if !stage.cache_cluster_enabled || !is_cached(&effective, name) || streams {
            return None;
        }
        let ttl_seconds = effective
            .get(|one| one.cache_ttl_in_seconds)
            .unwrap_or(TTL_SECONDS_DEFAULT);
        if ttl_seconds > TTL_SECONDS_MAX {
            refuse(
                "methodSettings/cacheTtlInSeconds",
                format!("`{ttl_seconds}` is not from 0 to {TTL_SECONDS_MAX}"),
            );
        }
        let strategy = effective.get(|one| one.unauthorized_cache_control_header_strategy.as_deref());
        let strategy = Unauthorized::parse(strategy)
            .map_err(|message| refuse("methodSettings/unauthorizedCacheControlHeaderStrategy", message))
            .unwrap_or(Unauthorized::Fail);
        let is_guarded = effective
            .get(|one| one.require_authorization_for_cache_control)
            .unwrap_or(true);
        let templates = integration
            .integration_responses
            .values()
            .map(|one| one.response_templates.len());
        Some(Box::new(Self {
            ttl_seconds,
            is_encrypted: effective.get(|one| one.cache_data_encrypted).unwrap_or(false),
            namespace: integration
                .cache_namespace
                .as_deref()
                .unwrap_or(resource.id.as_str())
                .into(),
            parameters: parameters.into(),
            invalidation: if is_guarded {
                Invalidation::Permitted(strategy)
            } else {
                Invalidation::Everybody
            },
            shares_callers: stage.tags.get(CALLERS_TAG).is_some_and(|tag| tag == "shared"),
            varies_by_accept: has_binary_types || templates.max().unwrap_or(0) > 1,
        }))
    }
}

fn is_cached(effective: &Effective<'_>, method: &str) -> bool {
    let of = |setting: Option<&MethodSetting>| setting.and_then(|setting| setting.caching_enabled);
    of(effective.own).unwrap_or(method == "GET" && of(effective.all) == Some(true))
}

/// Reports what is wrong with the tag, and with the size of the cluster.
pub(crate) fn check(stage: &Stage, problems: &mut Vec<Problem>) {
    if let Some(tag) = stage.tags.get(CALLERS_TAG)
        && !["own", "shared"].contains(&tag.as_str())
    {
        let message = format!("`{tag}`: use `own` or `shared`");
        problems.push(Problem::error(None, format!("tags/{CALLERS_TAG}"), message));
    }
}

/// Reads the parameters that are part of the key: those of the method, or of the integration by what is mapped to them.
fn parameters(
    method: &Method,
    integration: &Integration,
    variables: &BTreeMap<String, String>,
    refuse: &mut impl FnMut(&str, String),
) -> Vec<Expression> {
    let mut parameters = Vec::new();
    for name in &integration.cache_key_parameters {
        let mapped = match integration.request_parameters.get(name) {
            Some(mapped) => mapped,
            None if method.request_parameters.contains_key(name) => name,
            None => {
                refuse(
                    "integration/cacheKeyParameters",
                    format!("`{name}` is no request parameter of the method, nor of its integration"),
                );
                continue;
            }
        };
        match Expression::parse(mapped, Side::Request, variables) {
            Ok(expression) => parameters.push(expression),
            Err(message) => refuse("integration/cacheKeyParameters", message),
        }
    }
    parameters
}
