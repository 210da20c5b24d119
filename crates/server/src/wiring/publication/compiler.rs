//! What the gateway can serve, for control to ask before it deploys.

use std::sync::Arc;

use portcullis_control::ports::Compiler;
use portcullis_gateway::{
    distribution::snapshot::DistributionSnapshot,
    snapshot::{Snapshots, compile_stage},
};
use portcullis_model::{
    DeploymentId, Problem, Scope,
    resources::{
        apigateway::{ApiImage, Deployment, Stage},
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
        compile_stage(stage, &deployment, scope).err().unwrap_or_default()
    }
}
