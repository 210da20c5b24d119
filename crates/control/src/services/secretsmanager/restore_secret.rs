//! `RestoreSecret`: takes a secret out of its recovery window.

use serde_json::Value;

use super::{access, rules, secrets, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "RestoreSecret",
    route: None,
    access: access::on_secret("secretsmanager:RestoreSecret"),
    members: &["SecretId"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let id = input.required("SecretId", rules::SECRET_ID);
    input.finish()?;
    Ok(wire::named(&secrets(call).restore(id).await?, None).into())
}
