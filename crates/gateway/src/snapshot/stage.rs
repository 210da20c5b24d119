//! A stage and the deployment it points at, compiled.

use portcullis_model::{
    ApiId, Problem, Scope, StageName,
    resources::apigateway::{Deployment, Stage},
};

/// A stage, ready to serve.
pub struct StageSnapshot {
    pub(crate) api_id: ApiId,
    pub(crate) stage_name: StageName,
}

/// Compiles `stage` of `deployment`. Pure; reports every problem, with paths such as
/// `resources/{path}/{method}/integration/uri`.
pub fn compile_stage(
    stage: &Stage,
    deployment: &Deployment,
    scope: &Scope,
) -> Result<StageSnapshot, Vec<Problem>> {
    let _ = (stage, deployment, scope);
    Err(vec![Problem::error(
        None,
        "resources",
        "methods cannot be compiled yet",
    )])
}
