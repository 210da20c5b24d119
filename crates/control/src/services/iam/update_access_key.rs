//! `UpdateAccessKey`: makes an access key active or inactive; effective with the next call.

use serde_json::Value;

use super::{access_keys, holders};
use crate::{
    credentials,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "UpdateAccessKey",
    route: None,
    access: holders::on_user("iam:UpdateAccessKey"),
    members: &["UserName", "AccessKeyId", "Status"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let status = call
        .text("Status")
        .filter(|status| ["Active", "Inactive"].contains(status));
    let status = status.ok_or_else(|| AwsError::validation("Status must be Active or Inactive"))?;
    let mut key = access_keys::read(call).await?;
    status.clone_into(&mut key.value.status);
    call.parts
        .store
        .commit(credentials::put(call.scope, &key.value, key.expect())?)
        .await?;
    Ok(Value::Null)
}
