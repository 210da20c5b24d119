//! A stage and the deployment it points at, compiled: every route, expression, template and pattern is ready.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use portcullis_model::{
    ApiId, DeploymentId, Problem, Scope, StageName,
    resources::apigateway::{Deployment, RestApi, Stage},
};

use super::{
    canary::{self, Canary},
    http_api::HttpApi,
    methods::{ResourceSnapshot, compile_methods},
    router::Router,
    stage_tags::{self, compile_observed, compile_revocations},
};
use crate::{
    access_log::AccessLog,
    api_metrics::StageCounters,
    backend_tls::BackendCertificate,
    decision::LayerName,
    layers::resource_policy::PolicySnapshot,
    responses::gateway_responses::GatewayResponses,
    stage_cache::{StageCache, settings},
    usage::{KeySource, StageThrottles, WantedFields},
    vpc_endpoints::PrivateEndpoint,
};

/// The largest `minimumCompressionSize`, in bytes, as AWS has it.
const COMPRESSION_SIZE_MAX: u32 = 10_485_760;

/// Which kind of API a stage is of, and what only that kind has.
pub(crate) enum Protocol {
    Rest,
    Http(Box<HttpApi>),
}

/// A stage, ready to serve.
pub struct StageSnapshot {
    /// As web ACLs are associated with it.
    pub(crate) arn: Box<str>,
    pub(crate) protocol: Protocol,
    pub(crate) scope: Scope,
    pub(crate) api_id: ApiId,
    pub(crate) stage_name: StageName,
    pub(crate) deployment_id: DeploymentId,
    pub(crate) variables: BTreeMap<String, String>,
    /// Whether `{api}.execute-api.…` reaches it.
    pub(crate) default_endpoint: bool,
    /// None: everybody may ask.
    pub(crate) private: Option<Box<PrivateEndpoint>>,
    pub(crate) observed: BTreeSet<LayerName>,
    /// Whether tokens that were revoked, or whose user signed out, are refused before they expire.
    pub(crate) heeds_revocations: bool,
    pub(crate) policy: Option<Box<PolicySnapshot>>,
    pub(crate) throttles: StageThrottles,
    pub(crate) limit_fields: WantedFields,
    pub(crate) key_source: KeySource,
    pub(crate) router: Router<ResourceSnapshot>,
    pub(crate) gateway_responses: GatewayResponses,
    /// The shortest answer that goes out coded, in bytes.
    pub(crate) minimum_compression_size: Option<u32>,
    pub(crate) access_log: Option<Box<AccessLog>>,
    /// Where answers are kept, if the cluster is on.
    pub(crate) cache: Option<Arc<StageCache>>,
    /// Whose answers they are: the deployment's.
    pub(crate) cache_release: Box<str>,
    /// What it presents to backends that ask who calls.
    pub(crate) backend_certificate: Option<Arc<BackendCertificate>>,
    pub(crate) counters: StageCounters,
    /// Where a share of the requests goes instead.
    pub(crate) canary: Option<Box<Canary>>,
    pub(crate) release: Release,
}

/// Which of a stage's deployments a snapshot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    /// The stage has no canary.
    Only,
    Production,
    Canary,
}

impl StageSnapshot {
    /// Returns what only an HTTP API has; none for a REST API.
    pub(crate) fn http_api(&self) -> Option<&HttpApi> {
        match &self.protocol {
            Protocol::Rest => None,
            Protocol::Http(api) => Some(api),
        }
    }

    /// Returns the stage presenting a certificate to its backends.
    #[must_use]
    pub fn presenting(mut self, certificate: Option<Arc<BackendCertificate>>) -> Self {
        self.backend_certificate = certificate;
        self
    }
}

/// Compiles `stage` of `deployment`. Pure; reports every problem, with paths such as `GET /hello: integration/uri`.
pub fn compile_stage(
    stage: &Stage,
    deployment: &Deployment,
    scope: &Scope,
) -> Result<StageSnapshot, Vec<Problem>> {
    let image = &deployment.image;
    let mut problems = Vec::new();
    if stage.api_id != deployment.api_id || image.rest_api.id != stage.api_id {
        problems.push(Problem::error(
            None,
            "deploymentId",
            format!("the deployment `{}` is of another API", deployment.id),
        ));
    }
    check_api(&image.rest_api, &mut problems);
    stage_tags::check(&stage.tags, stage_tags::REST, &mut problems);
    let (router, counters) = compile_methods(image, stage, scope, &mut problems);
    let gateway_responses =
        GatewayResponses::compile(&image.gateway_responses, &stage.variables, &mut problems);
    let observed = compile_observed(&stage.tags, &mut problems);
    let heeds_revocations = compile_revocations(&stage.tags, &mut problems);
    let policy = PolicySnapshot::compile(&image.rest_api, scope, &mut problems);
    let limit_fields = WantedFields::compile(&stage.tags, &mut problems);
    let throttles = StageThrottles::compile(stage, &image.resources, &mut problems);
    let key_source = KeySource::compile(&image.rest_api, &mut problems);
    let access_log = AccessLog::compile(stage.access_log_settings.as_ref(), scope, &mut problems);
    canary::check_choice(stage, &mut problems);
    settings::check(stage, &mut problems);
    let cache = compile_cache(stage, &mut problems);
    if problems.iter().any(Problem::is_error) {
        return Err(problems);
    }
    Ok(StageSnapshot {
        arn: stage.arn(scope).into(),
        protocol: Protocol::Rest,
        scope: scope.clone(),
        api_id: stage.api_id.clone(),
        stage_name: stage.stage_name.clone(),
        deployment_id: deployment.id.clone(),
        variables: stage.variables.clone(),
        default_endpoint: !image.rest_api.disable_execute_api_endpoint,
        private: PrivateEndpoint::of(&image.rest_api),
        observed,
        heeds_revocations,
        policy,
        throttles,
        limit_fields,
        key_source,
        router,
        gateway_responses,
        minimum_compression_size: image.rest_api.minimum_compression_size,
        access_log: access_log.map(Box::new),
        cache,
        cache_release: deployment.id.as_str().into(),
        backend_certificate: None,
        counters,
        canary: None,
        release: Release::Only,
    })
}

/// Makes the cache of a stage whose cluster is on.
fn compile_cache(stage: &Stage, problems: &mut Vec<Problem>) -> Option<Arc<StageCache>> {
    if !stage.cache_cluster_enabled {
        return None;
    }
    let size = stage.cache_cluster_size.as_deref().unwrap_or_default();
    StageCache::of_size(size)
        .map(Arc::new)
        .map_err(|message| problems.push(Problem::error(None, "cacheClusterSize", message)))
        .ok()
}

/// Settings of the whole API that would change what a request meets, and that nothing enforces yet.
fn check_api(api: &RestApi, problems: &mut Vec<Problem>) {
    let mut refuse = |field: &str, message: &str| {
        problems.push(Problem::error(None, format!("restApi/{field}"), message));
    };
    if api
        .minimum_compression_size
        .is_some_and(|bytes| bytes > COMPRESSION_SIZE_MAX)
    {
        refuse("minimumCompressionSize", "use 0 to 10485760 bytes");
    }
}
