//! `CreateRole`: makes a role that trusts whom its document names, and may nothing yet.

use serde_json::{Value, json};

use super::roles::{self, NewRole};
use crate::operation::{Access, AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "CreateRole",
    route: None,
    access: Access::Signed {
        action: "iam:CreateRole",
        resource: roles::new_arn,
    },
    members: &[
        "RoleName",
        "Path",
        "AssumeRolePolicyDocument",
        "Description",
        "MaxSessionDuration",
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
        ..NewRole::default()
    };
    let role = roles::roles(call).create(new).await?;
    Ok(json!({ "Role": roles::describe(call, &role) }))
}
