//! `UntagResource`: removes tags from a bus or rule.

use serde_json::Value;

use super::{access, catalogue, input};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "UntagResource",
    route: None,
    access: access::on_tagged("events:UntagResource"),
    members: &["ResourceARN", "TagKeys"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let arn = members.required("ResourceARN", input::ARN);
    let keys = members.texts("TagKeys", input::NAME);
    members.require("TagKeys", keys.is_some());
    input::finish(members)?;
    let keys = keys.unwrap_or_default();
    catalogue(call)
        .change_tags(arn, &|present| present.retain(|key, _| !keys.contains(key)))
        .await?;
    Ok(Value::Null)
}
