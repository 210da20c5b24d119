//! `ListEntitiesForPolicy`: lists what has a managed policy.

use portcullis_model::resources::iam::{Group, Role, User};
use serde_json::{Value, json};

use super::{entities::entities, holders, managed};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "ListEntitiesForPolicy",
    route: None,
    access: managed::on_policy("iam:ListEntitiesForPolicy"),
    members: &["PolicyArn"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    managed::shown(call).await?;
    let (entities, arn) = (entities(call), holders::policy_arn(call)?);
    let users = entities.attached_to::<User>(arn).await?.into_iter();
    let users = users.filter(|user| user.attached_policies.contains(arn));
    let users: Vec<Value> = users
        .map(|user| json!({ "UserName": user.user_name, "UserId": user.user_id }))
        .collect();
    let groups = entities.attached_to::<Group>(arn).await?.into_iter();
    let groups: Vec<Value> = groups
        .map(|group| json!({ "GroupName": group.group_name, "GroupId": group.group_id }))
        .collect();
    let roles = entities.attached_to::<Role>(arn).await?.into_iter();
    let roles = roles.filter(|role| role.attached_policies.contains(arn));
    let roles: Vec<Value> = roles
        .map(|role| json!({ "RoleName": role.role_name, "RoleId": role.role_id }))
        .collect();
    Ok(json!({ "PolicyUsers": users, "PolicyGroups": groups, "PolicyRoles": roles, "IsTruncated": false }))
}
