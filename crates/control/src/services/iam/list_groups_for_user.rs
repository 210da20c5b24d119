//! `ListGroupsForUser`: lists the groups of a user.

use portcullis_model::resources::iam::{Group, User};
use serde_json::{Value, json};

use super::{entities::entities, groups, holders};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "ListGroupsForUser",
    route: None,
    access: holders::on_user("iam:ListGroupsForUser"),
    members: &["UserName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let user = holders::read::<User>(call).await?.value;
    let mut described = Vec::with_capacity(user.groups.len());
    for name in &user.groups {
        let group = entities(call).read::<Group>(name).await?.value;
        described.push(groups::describe(call, &group));
    }
    Ok(json!({ "Groups": described, "IsTruncated": false }))
}
