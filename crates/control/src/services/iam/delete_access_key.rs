//! `DeleteAccessKey`: deletes an access key; effective with the next call.

use portcullis_store::Batch;
use serde_json::Value;

use super::{access_keys, holders};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteAccessKey",
    route: None,
    access: holders::on_user("iam:DeleteAccessKey"),
    members: &["UserName", "AccessKeyId"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let key = access_keys::read(call).await?;
    call.parts
        .store
        .commit(Batch::new().delete(key.key.clone(), key.expect()))
        .await?;
    Ok(Value::Null)
}
