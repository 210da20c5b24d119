//! `PutSecretValue`: adds a version and moves labels onto it.

use portcullis_vault::secrets::NewVersion;
use serde_json::{Value, json};

use super::{access, rules, secrets, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "PutSecretValue",
    route: None,
    access: access::on_secret("secretsmanager:PutSecretValue"),
    members: &[
        "SecretId",
        "ClientRequestToken",
        "SecretBinary",
        "SecretString",
        "VersionStages",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let id = input.required("SecretId", rules::SECRET_ID);
    let value = rules::value(&mut input)?;
    let stages = rules::stages(&mut input)?;
    input.finish()?;
    let Some(value) = value else {
        return Err(rules::invalid(
            "You must provide either SecretString or SecretBinary.",
        ));
    };
    let written = secrets(call).put_value(id, &NewVersion { value, stages }).await?;
    let version = written
        .version_id
        .as_ref()
        .and_then(|id| written.secret.versions.get(id));
    let stages = json!(version.map(|version| &version.stages));
    let mut answer = wire::named(&written.secret, written.version_id);
    answer.insert("VersionStages".into(), stages);
    Ok(answer.into())
}
