//! `CreateUser`: makes a user without any permission.

use serde_json::{Value, json};

use super::{
    entities::entities,
    holders::{self, new_boundary},
    users::{self, NewUser},
};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "CreateUser",
    route: None,
    access: holders::on_user("iam:CreateUser"),
    members: &["UserName", "Path", "PermissionsBoundary"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let text = |member: &str| call.text(member).unwrap_or_default().to_owned();
    let new = NewUser {
        name: text("UserName"),
        path: text("Path"),
        permissions_boundary: new_boundary(call).await?,
        ..NewUser::default()
    };
    let user = entities(call).create_user(new).await?;
    Ok(json!({ "User": users::describe(call, &user) }))
}
