//! `GetResourcePolicy`: says that a secret has no policy of its own: none can be put here.

use serde_json::Value;

use super::{access, rules, secrets, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "GetResourcePolicy",
    route: None,
    access: access::on_secret("secretsmanager:GetResourcePolicy"),
    members: &["SecretId"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let id = input.required("SecretId", rules::SECRET_ID);
    input.finish()?;
    Ok(wire::named(&secrets(call).find(id).await?, None).into())
}
