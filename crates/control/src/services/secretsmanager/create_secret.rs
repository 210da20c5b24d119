//! `CreateSecret`: makes a secret, with a first version where a value is given.

use portcullis_vault::secrets::NewSecret;
use serde_json::Value;

use super::{access, rules, secrets, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "CreateSecret",
    route: None,
    access: access::on_new_secret("secretsmanager:CreateSecret"),
    members: &[
        "Name",
        "ClientRequestToken",
        "Description",
        "KmsKeyId",
        "SecretBinary",
        "SecretString",
        "Tags",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let new = NewSecret {
        name: input.required("Name", rules::NAME).to_owned(),
        description: input.text("Description", rules::DESCRIPTION).map(str::to_owned),
        kms_key_id: input.text("KmsKeyId", rules::KMS_KEY_ID).map(str::to_owned),
        tags: rules::tags(&mut input)?.unwrap_or_default(),
        value: rules::value(&mut input)?,
    };
    input.finish()?;
    let written = secrets(call).create(&new).await?;
    Ok(wire::named(&written.secret, written.version_id).into())
}
