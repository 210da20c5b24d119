//! `UpdateSecretVersionStage`: moves a staging label from one version to another.

use serde_json::Value;

use super::{access, rules, secrets, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "UpdateSecretVersionStage",
    route: None,
    access: access::on_secret("secretsmanager:UpdateSecretVersionStage"),
    members: &[
        "SecretId",
        "VersionStage",
        "RemoveFromVersionId",
        "MoveToVersionId",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let id = input.required("SecretId", rules::SECRET_ID);
    let label = input.required("VersionStage", rules::STAGE);
    let from = input.text("RemoveFromVersionId", rules::VERSION_ID);
    let to = input.text("MoveToVersionId", rules::VERSION_ID);
    input.finish()?;
    let secret = secrets(call).move_stage(id, label, from, to).await?;
    Ok(wire::named(&secret, None).into())
}
