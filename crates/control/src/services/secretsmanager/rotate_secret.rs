//! `RotateSecret`: refused: a rotation is the work of a function, and there are none yet.

use serde_json::Value;

use super::{access, rules, secrets};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "RotateSecret",
    route: None,
    access: access::on_secret("secretsmanager:RotateSecret"),
    members: &[
        "SecretId",
        "ClientRequestToken",
        "RotationLambdaARN",
        "RotationRules",
        "RotateImmediately",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let id = input.required("SecretId", rules::SECRET_ID);
    input.finish()?;
    secrets(call).find(id).await?;
    Err(AwsError::new(
        "InvalidRequestException",
        400,
        "Rotation is not supported yet: no function can be called here. Put a new version with PutSecretValue, then move AWSCURRENT onto it with UpdateSecretVersionStage.",
    ))
}
