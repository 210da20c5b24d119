//! `ListUsers`: lists users, paged.

use portcullis_model::resources::iam::User;
use portcullis_store::{kinds, typed};
use serde_json::{Value, json};

use super::users;
use crate::operation::{Access, AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "ListUsers",
    route: None,
    access: Access::Signed {
        action: "iam:ListUsers",
        resource: users::all,
    },
    members: &["PathPrefix", "Marker", "MaxItems"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let prefix = call.text("PathPrefix").unwrap_or("/");
    let (page, limit) = users::page(call)?;
    let mut found =
        typed::list_json::<User>(call.parts.store.as_ref(), call.scope, kinds::IAM_USER, page).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let marker = more
        .then(|| found.last().map(|last| last.value.user_name.clone()))
        .flatten();
    let users: Vec<Value> = found
        .iter()
        .filter(|user| user.value.path.starts_with(prefix))
        .map(|user| users::describe(call, &user.value))
        .collect();
    Ok(json!({ "Users": users, "IsTruncated": more, "Marker": marker }))
}
