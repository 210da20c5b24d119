//! `ListRoles`: lists roles, paged.

use portcullis_model::resources::iam::Role;
use portcullis_store::{kinds, typed};
use serde_json::{Value, json};

use super::{roles, users};
use crate::operation::{Access, AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "ListRoles",
    route: None,
    access: Access::Signed {
        action: "iam:ListRoles",
        resource: roles::all,
    },
    members: &["PathPrefix", "Marker", "MaxItems"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let prefix = call.text("PathPrefix").unwrap_or("/");
    let (page, limit) = users::page(call)?;
    let mut found =
        typed::list_json::<Role>(call.parts.store.as_ref(), call.scope, kinds::IAM_ROLE, page).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let marker = more
        .then(|| found.last().map(|last| last.value.role_name.clone()))
        .flatten();
    let roles: Vec<Value> = found
        .iter()
        .filter(|role| role.value.path.starts_with(prefix))
        .map(|role| roles::describe(call, &role.value))
        .collect();
    Ok(json!({ "Roles": roles, "IsTruncated": more, "Marker": marker }))
}
