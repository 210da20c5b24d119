//! `AddUserToGroup`: puts a user into a group.

use portcullis_model::resources::iam::{Group, User};
use serde_json::Value;

use super::{entities::entities, holders};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "AddUserToGroup",
    route: None,
    access: holders::on_group("iam:AddUserToGroup"),
    members: &["GroupName", "UserName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let group = holders::read::<Group>(call).await?.value;
    let mut user = holders::read::<User>(call).await?;
    user.value.groups.insert(group.group_name);
    entities(call).write(&user).await?;
    Ok(Value::Null)
}
