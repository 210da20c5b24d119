//! What the gateway can serve, for control to ask before it deploys.

use portcullis_control::ports::Compiler;
use portcullis_gateway::snapshot::compile_stage;
use portcullis_model::{
    DeploymentId, Problem, Scope,
    resources::apigateway::{ApiImage, Deployment, Stage},
};

pub(in crate::wiring) struct GatewayCompiler;

impl Compiler for GatewayCompiler {
    fn check(&self, scope: &Scope, image: &ApiImage, stage: &Stage) -> Vec<Problem> {
        let deployment = Deployment {
            id: DeploymentId::from("check"),
            api_id: image.rest_api.id.clone(),
            description: None,
            created_date: stage.created_date,
            image: image.clone(),
        };
        compile_stage(stage, &deployment, scope).err().unwrap_or_default()
    }
}
