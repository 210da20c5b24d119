//! `GetSecretValue`: opens a version.

use portcullis_vault::secrets::Wanted;
use serde_json::Value;

use super::{access, rules, secrets, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "GetSecretValue",
    route: None,
    access: access::on_secret("secretsmanager:GetSecretValue"),
    members: &["SecretId", "VersionId", "VersionStage"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let id = input.required("SecretId", rules::SECRET_ID);
    let wanted = Wanted {
        version_id: input.text("VersionId", rules::VERSION_ID),
        stage: input.text("VersionStage", rules::STAGE),
    };
    input.finish()?;
    let opened = secrets(call).value(id, wanted).await?;
    secrets(call).note_access(&opened).await?;
    Ok(wire::opened(&opened))
}
