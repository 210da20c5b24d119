//! `CreateUser`: makes a user without any permission.

use portcullis_model::resources::iam::User;
use portcullis_store::{Batch, Expect, StoreError};
use serde_json::{Value, json};

use super::users;
use crate::operation::{Access, AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "CreateUser",
    route: None,
    access: Access::Signed {
        action: "iam:CreateUser",
        resource: users::arn,
    },
    members: &["UserName", "Path"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = users::new_name(call)?;
    let path = call.text("Path").unwrap_or("/");
    if path != "/" {
        // Policies name users by path and name: one that went unseen would be a hole in them.
        return Err(AwsError::validation(
            "`Path` other than `/` is not supported yet: leave it out",
        ));
    }
    let user = User {
        user_name: name.to_owned(),
        user_id: format!("AIDA{}", call.parts.entropy.upper_base32(17)),
        path: path.to_owned(),
        create_date: call.now,
        policies: std::collections::BTreeMap::new(),
    };
    let written = call
        .parts
        .store
        .commit(Batch::new().with(users::put(call, &user, Expect::Absent)?))
        .await;
    match written {
        Err(StoreError::Conflict { .. } | StoreError::Taken { .. }) => Err(AwsError::new(
            "EntityAlreadyExists",
            409,
            format!("User with name {name} already exists."),
        )),
        other => other
            .map(|_| json!({ "User": users::describe(call, &user) }))
            .map_err(AwsError::from),
    }
}
