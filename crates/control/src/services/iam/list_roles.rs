//! `ListRoles`: lists roles, paged.

use portcullis_model::resources::iam::Role;
use portcullis_store::kinds;
use serde_json::Value;

use super::{
    listing::{self, Shown},
    roles,
};
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
    listing::page(call, kinds::IAM_ROLE, "Roles", |found: &Role| Shown {
        path: found.path.clone(),
        name: found.role_name.clone(),
        described: roles::describe(call, found),
    })
    .await
}
