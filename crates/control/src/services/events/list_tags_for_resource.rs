//! `ListTagsForResource`: lists the tags of a bus or rule.

use serde_json::Value;

use super::{access, catalogue, input, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ListTagsForResource",
    route: None,
    access: access::on_tagged("events:ListTagsForResource"),
    members: &["ResourceARN"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let arn = members.required("ResourceARN", input::ARN);
    input::finish(members)?;
    Ok(wire::tags(&catalogue(call).tags(arn).await?))
}
