//! `UpdateSecret`: changes what a secret says of itself, and adds a version where a value is given.

use portcullis_vault::secrets::SecretChange;
use serde_json::Value;

use super::{access, rules, secrets, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "UpdateSecret",
    route: None,
    access: access::on_secret("secretsmanager:UpdateSecret"),
    members: &[
        "SecretId",
        "ClientRequestToken",
        "Description",
        "KmsKeyId",
        "SecretBinary",
        "SecretString",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let id = input.required("SecretId", rules::SECRET_ID);
    let change = SecretChange {
        description: input.text("Description", rules::DESCRIPTION).map(str::to_owned),
        kms_key_id: input.text("KmsKeyId", rules::KMS_KEY_ID).map(str::to_owned),
        value: rules::value(&mut input)?,
    };
    input.finish()?;
    let written = secrets(call).update(id, &change).await?;
    Ok(wire::named(&written.secret, written.version_id).into())
}
