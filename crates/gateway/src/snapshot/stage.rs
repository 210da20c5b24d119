//! A stage and the deployment it points at, compiled: every route, expression, template and pattern is ready.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use portcullis_model::{
    ApiId, DeploymentId, Problem, ResourceId, Scope, StageName,
    resources::apigateway::{Deployment, Method, Resource, ResponseTransferMode, RestApi, Stage},
};

use super::{
    canary::{self, Canary},
    http_api::HttpApi,
    method_settings::Effective,
    router::{self, Router},
};
use crate::{
    access_log::AccessLog,
    decision::LayerName,
    execution_log::Logging,
    integrations::{Integration, vpc_link::Links},
    layers::{
        authorizer::{Authorizers, MethodAuthorization},
        client_authority::ClientAuthorities,
        resource_policy::PolicySnapshot,
        validation::{MethodValidation, Validators},
    },
    mapping::{content_handling::BinaryTypes, request::RequestMapping, response::ResponseMapping},
    pipeline::OBSERVABLE,
    responses::gateway_responses::GatewayResponses,
    stage_cache::{
        StageCache,
        settings::{self, MethodCache},
    },
    usage::{KeySource, StageThrottles, WantedFields},
    vpc_endpoints::PrivateEndpoint,
};

/// The tag that lists, separated by commas, the layers of a stage that only observe.
pub const OBSERVE_TAG: &str = "portcullis:observe";
/// The tag that says whether a stage heeds revocations: `enforce`, which it is without one, or `ignore`, as AWS does.
pub const REVOCATIONS_TAG: &str = "portcullis:revocations";
/// Paths of an API, at most. AWS's quota is 300; ours is what a router was measured with.
const RESOURCES_MAX: usize = 20_000;

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

/// A path and its methods.
pub(crate) struct ResourceSnapshot {
    pub(crate) path: Arc<str>,
    /// By the place of their name in [`METHODS`].
    methods: [Option<Arc<MethodSnapshot>>; METHODS.len()],
    any: Option<Arc<MethodSnapshot>>,
}

/// The methods that a REST API knows by name; `ANY` takes the others too.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// A method of a REST API or a route of an HTTP API, ready.
pub(crate) struct MethodSnapshot {
    pub(crate) resource_id: ResourceId,
    pub(crate) resource_path: Arc<str>,
    /// In the order of the path.
    pub(crate) parameter_names: Arc<[Arc<str>]>,
    /// What the route layer says: `GET /hello`.
    pub(crate) reason: Box<str>,
    pub(crate) authorization: MethodAuthorization,
    /// The roots whose clients it takes; none: those of every root of the domain, or anybody.
    pub(crate) client_roots: Option<Box<[Box<str>]>>,
    pub(crate) api_key_required: bool,
    /// None without a request validator.
    pub(crate) validation: Option<Box<MethodValidation>>,
    /// None where answers are not kept.
    pub(crate) cache: Option<Box<MethodCache>>,
    /// None where what happens to a request is not written.
    pub(crate) logging: Option<Logging>,
    /// Methods that say the same share it, so that many routes need little memory and stay in the caches.
    pub(crate) backend: Arc<Backend>,
}

/// What stands behind a method, and the mappings to and from it.
pub(crate) struct Backend {
    pub(crate) request: RequestMapping,
    pub(crate) integration: Integration,
    pub(crate) response: ResponseMapping,
    /// Its answers are passed on as they come, and nothing may hold them up.
    pub(crate) streams: bool,
}

/// What the methods of an image share.
struct Shared<'a> {
    stage: &'a Stage,
    binary: BinaryTypes,
    authorizers: Authorizers,
    validators: Validators<'a>,
    links: Links<'a>,
    client_authorities: ClientAuthorities,
    backends: Backends,
}

/// Backends of a stage by what was said about them.
type Backends = HashMap<String, Arc<Backend>>;

impl StageSnapshot {
    /// Returns what only an HTTP API has; none for a REST API.
    pub(crate) fn http_api(&self) -> Option<&HttpApi> {
        match &self.protocol {
            Protocol::Rest => None,
            Protocol::Http(api) => Some(api),
        }
    }
}

impl ResourceSnapshot {
    /// Returns a path without methods.
    pub(crate) fn new(path: &str) -> Self {
        Self {
            path: path.into(),
            methods: Default::default(),
            any: None,
        }
    }

    /// Adds a method, or replaces it; the error says why `name` is none.
    pub(crate) fn put(&mut self, name: &str, method: Arc<MethodSnapshot>) -> Result<(), String> {
        let at = METHODS.iter().position(|known| *known == name);
        match at.and_then(|at| self.methods.get_mut(at)) {
            Some(slot) => *slot = Some(method),
            None if name == "ANY" => self.any = Some(method),
            None => {
                return Err(format!(
                    "`{name}` is no method: use one of `{}` or `ANY`",
                    METHODS.join(", ")
                ));
            }
        }
        Ok(())
    }

    /// Returns the method called `name`, else `ANY`.
    pub(crate) fn method(&self, name: &[u8]) -> Option<&Arc<MethodSnapshot>> {
        let at = METHODS.iter().position(|known| known.as_bytes() == name);
        let own = at.and_then(|at| self.methods.get(at)?.as_ref());
        own.or(self.any.as_ref())
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
    let mut shared = Shared {
        stage,
        binary: BinaryTypes::of(&image.rest_api.binary_media_types),
        authorizers: Authorizers::compile(image, stage, scope),
        validators: Validators::of(image),
        links: Links::of(&image.vpc_links, &stage.variables),
        client_authorities: ClientAuthorities::compile(&stage.tags, &mut problems),
        backends: Backends::new(),
    };
    let router = compile_resources(&image.resources, &mut shared, &mut problems);
    shared.client_authorities.check_taken(&mut problems);
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

fn compile_resources(
    resources: &[Resource],
    shared: &mut Shared<'_>,
    problems: &mut Vec<Problem>,
) -> Router<ResourceSnapshot> {
    let mut router = Router::new();
    if resources.len() > RESOURCES_MAX {
        problems.push(Problem::error(
            None,
            "resources",
            format!("there are more than {RESOURCES_MAX} resources"),
        ));
    }
    for resource in resources.iter().take(RESOURCES_MAX) {
        // A resource without methods only holds others together; it hides no less specific path.
        if resource.methods.is_empty() {
            continue;
        }
        let compiled = compile_resource(resource, shared, problems);
        if let Err(cause) = router.insert(&resource.path, compiled) {
            problems.push(Problem::error(None, resource.path.clone(), cause.to_string()));
        }
    }
    router
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

fn compile_resource(
    resource: &Resource,
    shared: &mut Shared<'_>,
    problems: &mut Vec<Problem>,
) -> ResourceSnapshot {
    let names: Arc<[Arc<str>]> = router::parameter_names(&resource.path).into();
    let mut compiled = ResourceSnapshot::new(&resource.path);
    for (name, method) in &resource.methods {
        let path = format!("{name} {}", resource.path);
        let parts = compile_method(resource, method, shared, &path, problems);
        let Some((authorization, backend)) = parts else {
            continue;
        };
        let validation = shared.validators.compile(method, &path, problems);
        let has_binary_types = shared.binary.are_any();
        let cache = MethodCache::compile(shared.stage, resource, (name, method), has_binary_types, problems);
        let client_roots = shared.client_authorities.take(&path);
        let method = Arc::new(MethodSnapshot {
            client_roots,
            resource_id: resource.id.clone(),
            resource_path: Arc::clone(&compiled.path),
            parameter_names: Arc::clone(&names),
            reason: path.into(),
            authorization,
            api_key_required: method.api_key_required,
            validation,
            cache,
            logging: Effective::of(shared.stage, resource, name).logging(),
            backend,
        });
        if let Err(message) = compiled.put(name, method) {
            problems.push(Problem::error(None, format!("{name} {}", resource.path), message));
        }
    }
    compiled
}

fn compile_method(
    resource: &Resource,
    method: &Method,
    shared: &mut Shared<'_>,
    path: &str,
    problems: &mut Vec<Problem>,
) -> Option<(MethodAuthorization, Arc<Backend>)> {
    let mut refuse = |field: &str, message: &str| {
        problems.push(Problem::error(None, format!("{path}: {field}"), message));
    };
    if method.integration.is_none() {
        refuse("integration", "the method has no integration");
    }
    let linked = method.integration.as_ref().map(|it| shared.links.resolve(it));
    let linked = linked
        .transpose()
        .map_err(|message| refuse("integration/connectionId", &message))
        .ok()?
        .flatten();
    let authorization = MethodAuthorization::compile(method, &shared.authorizers, path, problems);
    let integration = linked.as_ref().or(method.integration.as_ref())?;
    let said = serde_json::to_string(&(
        integration,
        &method.method_responses,
        router::parameter_names(&resource.path),
    ))
    .unwrap_or_else(|_| path.to_owned());
    if let Some(known) = shared.backends.get(&said) {
        return Some((authorization?, Arc::clone(known)));
    }
    let before = problems.len();
    let stage = shared.stage;
    let response = ResponseMapping::compile(
        method,
        integration,
        &shared.binary,
        &stage.variables,
        path,
        problems,
    );
    let streams = integration.response_transfer_mode == ResponseTransferMode::Stream;
    let (integration, request) = Integration::compile(
        integration,
        &resource.path,
        &shared.binary,
        &stage.variables,
        path,
        problems,
    )?;
    let backend = Arc::new(Backend {
        request,
        integration,
        response,
        streams,
    });
    // One with problems is compiled again for the next method, so that each reports its own.
    if problems.len() == before {
        shared.backends.insert(said, Arc::clone(&backend));
    }
    Some((authorization?, backend))
}

pub(super) fn compile_observed(
    tags: &BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) -> BTreeSet<LayerName> {
    let tag = tags.get(OBSERVE_TAG).map(String::as_str).unwrap_or_default();
    let names = tag.split(',').map(str::trim).filter(|name| !name.is_empty());
    let mut observed = BTreeSet::new();
    for name in names {
        match OBSERVABLE.iter().find(|layer| layer.as_str() == name) {
            Some(layer) => {
                observed.insert(*layer);
            }
            None => {
                let known: Vec<_> = OBSERVABLE.iter().map(|layer| layer.as_str()).collect();
                problems.push(Problem::error(
                    None,
                    format!("tags/{OBSERVE_TAG}"),
                    format!(
                        "the layer `{name}` cannot only observe: use one of `{}`",
                        known.join(", ")
                    ),
                ));
            }
        }
    }
    observed
}

/// Whatever the tag says that is not known is a problem: nobody shall think that revocations are heeded, or not.
pub(super) fn compile_revocations(tags: &BTreeMap<String, String>, problems: &mut Vec<Problem>) -> bool {
    match tags.get(REVOCATIONS_TAG).map(String::as_str) {
        None | Some("enforce") => true,
        Some("ignore") => false,
        Some(other) => {
            problems.push(Problem::error(
                None,
                format!("tags/{REVOCATIONS_TAG}"),
                format!("`{other}`: use `enforce` or `ignore`"),
            ));
            true
        }
    }
}
