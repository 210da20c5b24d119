//! `ListAccessKeys`: lists the access keys of a user, without secrets.

use portcullis_model::resources::iam::User;
use serde_json::{Value, json};

use super::{access_keys, entities::entities, holders};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "ListAccessKeys",
    route: None,
    access: holders::on_user("iam:ListAccessKeys"),
    members: &["UserName", "Marker", "MaxItems"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let user = holders::read::<User>(call).await?.value;
    let keys = entities(call).keys_of(&user.user_name).await?;
    let described: Vec<Value> = keys.iter().map(|key| access_keys::describe(&key.value)).collect();
    Ok(json!({ "AccessKeyMetadata": described, "IsTruncated": false }))
}
