//! `UntagResource`: takes tags from a secret.

use serde_json::{Value, json};

use super::{access, rules, secrets};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "UntagResource",
    route: None,
    access: access::on_secret("secretsmanager:UntagResource"),
    members: &["SecretId", "TagKeys"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let id = input.required("SecretId", rules::SECRET_ID);
    let keys = input.texts("TagKeys", rules::TAG_KEY);
    input.require("TagKeys", keys.is_some());
    input.finish()?;
    secrets(call).untag(id, &keys.unwrap_or_default()).await?;
    Ok(json!({}))
}
