//! `ListGroups`: lists groups, paged.

use portcullis_model::resources::iam::Group;
use portcullis_store::kinds;
use serde_json::Value;

use super::{
    groups,
    listing::{self, Shown},
};
use crate::operation::{Access, AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "ListGroups",
    route: None,
    access: Access::Signed {
        action: "iam:ListGroups",
        resource: groups::all,
    },
    members: &["PathPrefix", "Marker", "MaxItems"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    listing::page(call, kinds::IAM_GROUP, "Groups", |found: &Group| Shown {
        path: found.path.clone(),
        name: found.group_name.clone(),
        described: groups::describe(call, found),
    })
    .await
}
