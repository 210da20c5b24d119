//! `CreateRole`: makes a role that trusts whom its document names, and may nothing yet.

use serde_json::{Value, json};

use super::{
    entities::entities,
    holders::{self, new_boundary},
    roles::{self, NewRole},
};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "CreateRole",
    route: None,
    access: holders::on_role("iam:CreateRole"),
    members: &[
        "RoleName",
        "Path",
        "AssumeRolePolicyDocument",
        "Description",
        "MaxSessionDuration",
        "PermissionsBoundary",
        "Tags",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let text = |member: &str| call.text(member).unwrap_or_default().to_owned();
    let duration = call.text("MaxSessionDuration").map(str::parse::<u32>).transpose();
    let duration = duration.map_err(|_| AwsError::validation("MaxSessionDuration must be a number"))?;
    let new = NewRole {
        name: text("RoleName"),
        path: text("Path"),
        trust: text("AssumeRolePolicyDocument"),
        description: call.text("Description").map(str::to_owned),
        max_session_duration: duration,
        tags: roles::tags(call)?,
        permissions_boundary: new_boundary(call).await?,
        ..NewRole::default()
    };
    let role = entities(call).create_role(new).await?;
    Ok(json!({ "Role": roles::describe(call, &role) }))
}
