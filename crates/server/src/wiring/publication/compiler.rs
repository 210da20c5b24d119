//! What the gateway can serve, for control to ask before it deploys.

use std::sync::Arc;

use crate::service_endpoints::ServiceEndpoints;
use portcullis_control::{ports::Compiler, services};
use portcullis_gateway::{
    distribution::snapshot::DistributionSnapshot,
    snapshot::{Snapshots, compile_http_stage, compile_stage},
    upstreams::Upstreams,
    vpc_endpoints::VpcEndpoints,
};
use portcullis_model::{
    DeploymentId, Problem, Scope,
    resources::{
        apigateway::{ApiImage, Deployment, Integration, RestApi, Stage},
        apigatewayv2::{HttpDeployment, HttpStage},
        cloudfront::DistributionConfig,
    },
};

pub(in crate::wiring) struct GatewayCompiler {
    /// Whose hosts tell which origins are APIs of ours.
    pub(in crate::wiring) snapshots: Arc<Snapshots>,
    pub(in crate::wiring) vpc_endpoints: VpcEndpoints,
    pub(in crate::wiring) upstreams: Upstreams,
    /// Services that are elsewhere, and whose APIs may call them.
    pub(in crate::wiring) service_endpoints: ServiceEndpoints,
    pub(in crate::wiring) scope: Scope,
}

impl Compiler for GatewayCompiler {
    fn check_distribution(&self, scope: &Scope, id: &str, config: &DistributionConfig) -> Vec<Problem> {
        let snapshot = self.snapshots.take();
        DistributionSnapshot::compile(scope, id, config, snapshot.hosts())
            .err()
            .unwrap_or_default()
    }

    fn check(&self, scope: &Scope, image: &ApiImage, stage: &Stage) -> Vec<Problem> {
        let deployment = Deployment {
            id: DeploymentId::from("check"),
            api_id: image.rest_api.id.clone(),
            description: None,
            created_date: stage.created_date,
            image: image.clone(),
        };
        let mut problems = compile_stage(stage, &deployment, scope).err().unwrap_or_default();
        problems.extend(unknown_actions(image, |service| {
            *scope == self.scope && self.service_endpoints.has(service)
        }));
        problems.extend(unknown_endpoints(&image.rest_api, &self.vpc_endpoints));
        problems
    }

    fn has_upstream(&self, arn: &str) -> bool {
        self.upstreams.has(arn)
    }

    fn check_http(&self, scope: &Scope, deployment: &HttpDeployment, stage: &HttpStage) -> Vec<Problem> {
        compile_http_stage(stage, deployment, scope)
            .err()
            .unwrap_or_default()
    }
}

/// VPC endpoints that a private API waits for and that the operator has not named: nobody could come through them.
fn unknown_endpoints(api: &RestApi, known: &VpcEndpoints) -> Vec<Problem> {
    let problem = |message: String| {
        let path = "restApi/endpointConfiguration/vpcEndpointIds";
        Problem::error(None, path, message)
    };
    if api.is_private() && known.is_empty() {
        let message = "a private API answers to VPC endpoints alone, and the configuration names none: \
                       say which networks are one with `--vpc-endpoint`, or `vpc_endpoints` under `serve`";
        return vec![problem(message.to_owned())];
    }
    let unknown = api.vpc_endpoint_ids.iter().filter(|id| !known.has(id));
    unknown
        .map(|id| problem(format!("the configuration names no VPC endpoint `{id}`")))
        .collect()
}

/// Integrations with actions that no service here has: the gateway knows the form, control the services.
fn unknown_actions(image: &ApiImage, is_elsewhere: impl Fn(&str) -> bool) -> Vec<Problem> {
    let methods = image.resources.iter().flat_map(|resource| {
        let methods = resource.methods.iter();
        methods.map(move |(name, method)| (name, &resource.path, &method.integration))
    });
    let mut problems = Vec::new();
    for (name, path, integration) in methods {
        let action = integration.as_ref().and_then(action_of);
        if let Some((service, action)) = action
            .filter(|(service, action)| !services::has_action(service, action) && !is_elsewhere(service))
        {
            problems.push(Problem::error(
                None,
                format!("{name} {path}: integration/uri"),
                format!("the service `{service}` has no action `{action}` here that an integration can call"),
            ));
        }
    }
    problems
}

/// Returns service and action of `arn:aws:apigateway:{region}:{service}:action/{action}`.
fn action_of(integration: &Integration) -> Option<(&str, &str)> {
    let uri = integration.uri.as_deref()?.strip_prefix("arn:aws:apigateway:")?;
    let (_, rest) = uri.split_once(':')?;
    rest.split_once(":action/")
}
