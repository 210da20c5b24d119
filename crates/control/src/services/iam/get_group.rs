//! `GetGroup`: returns a group with its users.

use portcullis_model::resources::iam::Group;
use serde_json::{Value, json};

use super::{entities::entities, groups, holders, users};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "GetGroup",
    route: None,
    access: holders::on_group("iam:GetGroup"),
    members: &["GroupName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let group = holders::read::<Group>(call).await?.value;
    let users = entities(call).users_of(&group.group_name).await?;
    let users: Vec<Value> = users.iter().map(|user| users::describe(call, user)).collect();
    Ok(json!({ "Group": groups::describe(call, &group), "Users": users, "IsTruncated": false }))
}
