//! `DescribeSecret`: what is known of a secret without opening it; also of one that waits for its deletion.

use serde_json::Value;

use super::{access, rules, secrets, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DescribeSecret",
    route: None,
    access: access::on_secret("secretsmanager:DescribeSecret"),
    members: &["SecretId"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let id = input.required("SecretId", rules::SECRET_ID);
    input.finish()?;
    Ok(wire::described(
        &secrets(call).find(id).await?,
        "VersionIdsToStages",
    ))
}
