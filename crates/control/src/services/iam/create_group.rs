//! `CreateGroup`: makes a group without users and permissions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{entities::entities, groups, holders};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "CreateGroup",
    route: None,
    access: holders::on_group("iam:CreateGroup"),
    members: &["GroupName", "Path"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = call.text("GroupName").unwrap_or_default();
    let path = call.text("Path").unwrap_or("/");
    let group = entities(call)
        .create_group(name, path, BTreeMap::new(), BTreeSet::new())
        .await?;
    Ok(json!({ "Group": groups::describe(call, &group) }))
}
