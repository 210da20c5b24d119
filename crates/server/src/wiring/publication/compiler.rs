//! What the gateway can serve, for control to ask before it deploys.

use std::sync::Arc;

use portcullis_control::{ports::Compiler, services};
use portcullis_gateway::{
    distribution::snapshot::DistributionSnapshot,
    snapshot::{Snapshots, compile_http_stage, compile_stage},
};
use portcullis_model::{
    DeploymentId, Problem, Scope,
    resources::{
        apigateway::{ApiImage, Deployment, Integration, Stage},
        apigatewayv2::{HttpDeployment, HttpStage},
        cloudfront::DistributionConfig,
    },
};

pub(in crate::wiring) struct GatewayCompiler {
    /// Whose hosts tell which origins are APIs of ours.
    pub(in crate::wiring) snapshots: Arc<Snapshots>,
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
        problems.extend(unknown_actions(image));
        problems
    }

    fn check_http(&self, scope: &Scope, deployment: &HttpDeployment, stage: &HttpStage) -> Vec<Problem> {
        compile_http_stage(stage, deployment, scope)
            .err()
            .unwrap_or_default()
    }
}

/// Integrations with actions that no service here has: the gateway knows the form, control the services.
fn unknown_actions(image: &ApiImage) -> Vec<Problem> {
    let methods = image.resources.iter().flat_map(|resource| {
        let methods = resource.methods.iter();
        methods.map(move |(name, method)| (name, &resource.path, &method.integration))
    });
    let mut problems = Vec::new();
    for (name, path, integration) in methods {
        let action = integration.as_ref().and_then(action_of);
        if let Some((service, action)) =
            action.filter(|(service, action)| !services::has_action(service, action))
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
