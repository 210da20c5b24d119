//! Methods of a REST API and routes of an HTTP API, compiled: who may call one, and what stands behind it.

use std::{collections::HashMap, sync::Arc};

use portcullis_model::{
    Problem, ResourceId, Scope,
    resources::apigateway::{ApiImage, Method, Resource, ResponseTransferMode, Stage},
};

use super::{
    method_settings::Effective,
    router::{self, Router},
};
use crate::{
    api_metrics::{CountedMethod, StageCounters},
    execution_log::Logging,
    integrations::{Integration, vpc_link::Links},
    layers::{
        authorizer::{Authorizers, MethodAuthorization},
        client_authority::ClientAuthorities,
        validation::{MethodValidation, Validators},
    },
    mapping::{content_handling::BinaryTypes, request::RequestMapping, response::ResponseMapping},
    stage_cache::settings::MethodCache,
};

/// Paths of an API, at most. AWS's quota is 300; ours is what a router was measured with.
const RESOURCES_MAX: usize = 20_000;

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
    /// None where its requests are counted with the stage's alone.
    pub(crate) counted: Option<CountedMethod>,
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
    counters: StageCounters,
}

/// Backends of a stage by what was said about them.
type Backends = HashMap<String, Arc<Backend>>;

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

/// Compiles the methods of `image` as `stage` serves them.
pub(super) fn compile_methods(
    image: &ApiImage,
    stage: &Stage,
    scope: &Scope,
    problems: &mut Vec<Problem>,
) -> (Router<ResourceSnapshot>, StageCounters) {
    let mut shared = Shared {
        stage,
        binary: BinaryTypes::of(&image.rest_api.binary_media_types),
        authorizers: Authorizers::compile(image, stage, scope),
        validators: Validators::of(image),
        links: Links::of(&image.vpc_links, &stage.variables),
        client_authorities: ClientAuthorities::compile(&stage.tags, problems),
        backends: Backends::new(),
        counters: StageCounters::default(),
    };
    let router = compile_resources(&image.resources, &mut shared, problems);
    shared.client_authorities.check_taken(problems);
    (router, shared.counters)
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
        let effective = Effective::of(shared.stage, resource, name);
        let counted = effective
            .is_counted()
            .then(|| shared.counters.count_method(&resource.path, name));
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
            logging: effective.logging(),
            counted,
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
