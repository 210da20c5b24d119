//! `DeleteGroup`: deletes a group that has neither users nor policies.

use portcullis_model::resources::iam::Group;
use serde_json::Value;

use super::{entities::entities, holders};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteGroup",
    route: None,
    access: holders::on_group("iam:DeleteGroup"),
    members: &["GroupName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let group = holders::read::<Group>(call).await?;
    entities(call).delete_group(&group).await?;
    Ok(Value::Null)
}
