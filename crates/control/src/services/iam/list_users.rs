//! `ListUsers`: lists users, paged.

use portcullis_model::resources::iam::User;
use portcullis_store::kinds;
use serde_json::Value;

use super::{
    listing::{self, Shown},
    users,
};
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
    listing::page(call, kinds::IAM_USER, "Users", |found: &User| Shown {
        path: found.path.clone(),
        name: found.user_name.clone(),
        described: users::describe(call, found),
    })
    .await
}
