//! A stage of an HTTP API and the deployment it points at, compiled into the same snapshot as a REST API's: routes
//! become methods on paths, `$default` stands beside them.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::Arc,
};

use portcullis_model::{
    Problem, ResourceId, Scope,
    resources::{
        apigateway::{
            Integration as RestIntegration, IntegrationType, PassthroughBehavior, ResponseTransferMode,
        },
        apigatewayv2::{
            DEFAULT_ROUTE, HttpApiImage, HttpDeployment, HttpIntegration, HttpIntegrationType, HttpRoute,
            HttpStage,
        },
    },
};

use super::{
    methods::{Backend, MethodSnapshot, ResourceSnapshot},
    router::{self, Router},
    stage::{Protocol, Release, StageSnapshot},
    stage_tags::{self, compile_observed, compile_revocations},
};
use crate::{
    access_log::AccessLog,
    api_metrics::StageCounters,
    integrations::Integration,
    layers::{
        authorizer::{MethodAuthorization, routes::RouteAuthorizers},
        client_authority::ClientAuthorities,
        cors::Cors,
    },
    mapping::content_handling::BinaryTypes,
    mapping::{parameter_mapping::ParameterMapping, request::RequestMapping, response::ResponseMapping},
    responses::gateway_responses::GatewayResponses,
    usage::{KeySource, StageThrottles, WantedFields},
};

/// Routes of an HTTP API, as AWS's quota.
const ROUTES_MAX: usize = 300;

/// What an HTTP API has that a REST API has not.
pub(crate) struct HttpApi {
    default_route: Option<Arc<MethodSnapshot>>,
    pub(crate) cors: Option<Cors>,
}

impl HttpApi {
    /// Finds the route for `method` on `path`: a full match of both, else one with a greedy parameter, else `$default`.
    pub(crate) fn find<'a>(
        &'a self,
        router: &'a Router<ResourceSnapshot>,
        method: &[u8],
        path: &[u8],
    ) -> Option<(&'a Arc<MethodSnapshot>, Vec<Range<u32>>)> {
        let takes = |resource: &ResourceSnapshot| resource.method(method).is_some();
        match router.find_fitting(path, &takes) {
            Some((resource, places)) => Some((resource.method(method)?, places)),
            None => self.default_route.as_ref().map(|route| (route, Vec::new())),
        }
    }
}

/// What the routes of an image share.
struct Shared<'a> {
    integrations: HashMap<&'a str, &'a HttpIntegration>,
    authorizers: RouteAuthorizers,
    client_authorities: RefCell<ClientAuthorities>,
    variables: &'a BTreeMap<String, String>,
    stage: &'a HttpStage,
    counters: RefCell<StageCounters>,
}

/// Compiles `stage` of `deployment`. Pure; reports every problem, with paths such as `GET /pets: target`.
pub fn compile_http_stage(
    stage: &HttpStage,
    deployment: &HttpDeployment,
    scope: &Scope,
) -> Result<StageSnapshot, Vec<Problem>> {
    let HttpApiImage {
        api,
        routes,
        integrations,
        authorizers,
    } = &deployment.image;
    let mut problems = Vec::new();
    check_whole(stage, deployment, &mut problems);
    let shared = Shared {
        integrations: integrations
            .iter()
            .map(|integration| (integration.integration_id.as_str(), integration))
            .collect(),
        authorizers: RouteAuthorizers::compile(authorizers, stage, scope),
        client_authorities: RefCell::new(ClientAuthorities::compile(&stage.tags, &mut problems)),
        variables: &stage.stage_variables,
        stage,
        counters: RefCell::default(),
    };
    let (router, default_route) = compile_routes(routes, &shared, &mut problems);
    shared.client_authorities.borrow().check_taken(&mut problems);
    let counters = shared.counters.take();
    let cors = Cors::compile(api.cors_configuration.as_ref(), &mut problems);
    stage_tags::check(&stage.tags, stage_tags::HTTP, &mut problems);
    let observed = compile_observed(&stage.tags, &mut problems);
    let heeds_revocations = compile_revocations(&stage.tags, &mut problems);
    let limit_fields = WantedFields::compile(&stage.tags, &mut problems);
    let throttles = StageThrottles::compile_http(stage, routes, &mut problems);
    let access_log = AccessLog::compile(stage.access_log_settings.as_ref(), scope, &mut problems);
    if problems.iter().any(Problem::is_error) {
        return Err(problems);
    }
    Ok(StageSnapshot {
        arn: stage.arn(scope).into(),
        protocol: Protocol::Http(Box::new(HttpApi { default_route, cors })),
        scope: scope.clone(),
        api_id: stage.api_id.clone(),
        stage_name: stage.stage_name.clone(),
        deployment_id: deployment.deployment_id.clone(),
        variables: stage.stage_variables.clone(),
        default_endpoint: !api.disable_execute_api_endpoint,
        private: None,
        observed,
        heeds_revocations,
        policy: None,
        throttles,
        limit_fields,
        key_source: KeySource::Header,
        router,
        gateway_responses: GatewayResponses::default(),
        minimum_compression_size: None,
        access_log: access_log.map(Box::new),
        cache: None,
        cache_release: Box::default(),
        backend_certificate: None,
        counters,
        canary: None,
        release: Release::Only,
    })
}

/// Checks that the deployment is of the stage's API, and not too large.
fn check_whole(stage: &HttpStage, deployment: &HttpDeployment, problems: &mut Vec<Problem>) {
    let image = &deployment.image;
    let mut refuse = |field: &str, message: String| problems.push(Problem::error(None, field, message));
    if stage.api_id != deployment.api_id || image.api.api_id != stage.api_id {
        let message = format!("the deployment `{}` is of another API", deployment.deployment_id);
        refuse("deploymentId", message);
    }
    if image.routes.len() > ROUTES_MAX {
        refuse("routes", format!("there are more than {ROUTES_MAX} routes"));
    }
}

fn compile_routes(
    routes: &[HttpRoute],
    shared: &Shared<'_>,
    problems: &mut Vec<Problem>,
) -> (Router<ResourceSnapshot>, Option<Arc<MethodSnapshot>>) {
    let mut resources: BTreeMap<&str, ResourceSnapshot> = BTreeMap::new();
    let mut default_route = None;
    for route in routes.iter().take(ROUTES_MAX) {
        let key = route.route_key.as_str();
        if key == DEFAULT_ROUTE {
            default_route = compile_route(route, DEFAULT_ROUTE, shared, problems);
            continue;
        }
        let Some((method, path)) = key.split_once(' ') else {
            let message = "use a method and a path, such as `GET /pets`, or `$default`";
            problems.push(Problem::error(None, format!("{key}: routeKey"), message));
            continue;
        };
        let Some(compiled) = compile_route(route, path, shared, problems) else {
            continue;
        };
        let resource = resources
            .entry(path)
            .or_insert_with(|| ResourceSnapshot::new(path));
        if let Err(message) = resource.put(method, compiled) {
            problems.push(Problem::error(None, format!("{key}: routeKey"), message));
        }
    }
    let mut router = Router::new();
    for (path, resource) in resources {
        if let Err(cause) = router.insert(path, resource) {
            problems.push(Problem::error(
                None,
                format!("{path}: routeKey"),
                cause.to_string(),
            ));
        }
    }
    (router, default_route)
}

fn compile_route(
    route: &HttpRoute,
    path: &str,
    shared: &Shared<'_>,
    problems: &mut Vec<Problem>,
) -> Option<Arc<MethodSnapshot>> {
    let place = route.route_key.as_str();
    let mut refuse = |field: &str, message: String| {
        problems.push(Problem::error(None, format!("{place}: {field}"), message));
    };
    let target = route.target.as_deref().and_then(integration_of);
    let integration = target.and_then(|id| shared.integrations.get(id));
    if integration.is_none() {
        refuse(
            "target",
            match &route.target {
                None => "the route has no integration".into(),
                Some(target) => format!("`{target}` names no integration of the API"),
            },
        );
    }
    let authorization =
        MethodAuthorization::compile_route(route, &shared.authorizers).map_err(|(field, message)| {
            refuse(field, message);
        });
    let is_counted = shared.stage.route_settings.get(&route.route_key).map_or(
        shared.stage.default_route_settings.detailed_metrics_enabled,
        |own| own.detailed_metrics_enabled,
    );
    let counted = is_counted.then(|| {
        let (method, path) = place.split_once(' ').unwrap_or((place, place));
        shared.counters.borrow_mut().count_method(path, method)
    });
    let backend = compile_backend(integration?, path, shared.variables, place, problems)?;
    Some(Arc::new(MethodSnapshot {
        resource_id: ResourceId::from(route.route_id.as_str()),
        resource_path: path.into(),
        parameter_names: router::parameter_names(path).into(),
        reason: route.route_key.as_str().into(),
        authorization: authorization.ok()?,
        client_roots: shared.client_authorities.borrow_mut().take(&route.route_key),
        api_key_required: false,
        validation: None,
        cache: None,
        logging: None,
        counted,
        backend: Arc::new(backend),
    }))
}

/// Returns the id in `integrations/{id}`.
fn integration_of(target: &str) -> Option<&str> {
    target.strip_prefix("integrations/").filter(|id| !id.is_empty())
}

/// HTTP APIs name a function by its ARN; REST APIs by the address of its invocations, which is understood too.
fn invocation_uri(uri: &str) -> String {
    let region = uri
        .strip_prefix("arn:aws:lambda:")
        .and_then(|rest| rest.split(':').next());
    match region {
        Some(region) => {
            format!("arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{uri}/invocations")
        }
        None => uri.to_owned(),
    }
}

/// Compiles an HTTP integration as the `HTTP_PROXY` that it is: every parameter of the path is there for its URI.
fn compile_backend(
    integration: &HttpIntegration,
    path: &str,
    variables: &BTreeMap<String, String>,
    place: &str,
    problems: &mut Vec<Problem>,
) -> Option<Backend> {
    let mapped = |name: &Arc<str>| {
        (
            format!("integration.request.path.{name}"),
            format!("method.request.path.{name}"),
        )
    };
    let names = router::parameter_names(path);
    let changes = ParameterMapping::compile(&integration.request_parameters, variables, &names)
        .map_err(|(target, message)| {
            let field = format!("{place}: integration/requestParameters/{target}");
            problems.push(Problem::error(None, field, message));
        })
        .ok()?;
    let is_function = integration.integration_type == HttpIntegrationType::AwsProxy;
    if is_function && !integration.request_parameters.is_empty() {
        problems.push(Problem::error(
            None,
            format!("{place}: integration/requestParameters"),
            "a function gets the request as it is: mapping parameters for one is not supported yet",
        ));
    }
    let parameters = names.iter().map(mapped).collect();
    let rest = as_rest(integration, is_function, parameters);
    let is_private = integration.connection_id.is_some();
    let changes = if is_private {
        changes.of_whole_path()
    } else {
        changes
    };
    let (compiled, mut request) =
        Integration::compile(&rest, path, &BinaryTypes::default(), variables, place, problems)?;
    if let RequestMapping::HttpProxy { changes: slot, .. } = &mut request
        && (is_private || !integration.request_parameters.is_empty())
    {
        *slot = Some(Box::new(changes));
    }
    let compiled = in_format(compiled, &integration.payload_format_version)
        .map_err(|message| {
            let field = format!("{place}: integration/payloadFormatVersion");
            problems.push(Problem::error(None, field, message));
        })
        .ok()?;
    Some(Backend {
        request,
        integration: compiled,
        response: ResponseMapping::default(),
        streams: false,
    })
}

/// Says an integration of an HTTP API in the words of a REST API's.
fn as_rest(
    integration: &HttpIntegration,
    is_function: bool,
    parameters: BTreeMap<String, String>,
) -> RestIntegration {
    let uri = integration.integration_uri.as_str();
    RestIntegration {
        cache_namespace: None,
        cache_key_parameters: Vec::new(),
        integration_type: if is_function {
            IntegrationType::AwsProxy
        } else {
            IntegrationType::HttpProxy
        },
        http_method: Some(integration.integration_method.clone()),
        uri: Some(if is_function {
            invocation_uri(uri)
        } else if integration.connection_id.is_some() {
            private_uri(integration)
        } else {
            uri.to_owned()
        }),
        connection_type: integration.connection_id.as_ref().map(|_| "VPC_LINK".to_owned()),
        connection_id: integration.connection_id.as_ref().map(|_| uri.to_owned()),
        credentials: None,
        request_parameters: if is_function { BTreeMap::new() } else { parameters },
        request_templates: BTreeMap::new(),
        passthrough_behavior: PassthroughBehavior::default(),
        response_transfer_mode: ResponseTransferMode::default(),
        content_handling: None,
        timeout_ms: integration.timeout_ms,
        tls_config: None,
        integration_responses: BTreeMap::new(),
    }
}

/// A private integration names no host: what its servers prove by TLS stands for one, or nothing that could be resolved.
fn private_uri(integration: &HttpIntegration) -> String {
    match &integration.server_name_to_verify {
        Some(name) => format!("https://{name}"),
        None => "http://vpc-link".to_owned(),
    }
}

/// A function gets the request in a payload format of HTTP APIs.
fn in_format(compiled: Integration, version: &str) -> Result<Integration, String> {
    match compiled {
        Integration::LambdaProxy(proxy) => proxy.of_http_api(version).map(Integration::LambdaProxy),
        Integration::HttpProxy(proxy) => Ok(Integration::HttpProxy(proxy.of_http_api())),
        other => Ok(other),
    }
}
