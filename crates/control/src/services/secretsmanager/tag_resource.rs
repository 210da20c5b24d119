//! `TagResource`: adds tags to a secret.

use serde_json::{Value, json};

use super::{access, rules, secrets};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "TagResource",
    route: None,
    access: access::on_secret("secretsmanager:TagResource"),
    members: &["SecretId", "Tags"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let id = input.required("SecretId", rules::SECRET_ID);
    let tags = rules::tags(&mut input)?;
    input.require("Tags", tags.is_some());
    input.finish()?;
    secrets(call).tag(id, &tags.unwrap_or_default()).await?;
    Ok(json!({}))
}
