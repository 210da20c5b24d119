//! `TagResource`: adds tags to a bus or rule; those of a bus name its producers.

use serde_json::Value;

use super::{access, catalogue, input};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "TagResource",
    route: None,
    access: access::on_tagged("events:TagResource"),
    members: &["ResourceARN", "Tags"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let arn = members.required("ResourceARN", input::ARN);
    let tags = input::tags(&mut members)?;
    members.require("Tags", tags.is_some());
    input::finish(members)?;
    let tags = tags.unwrap_or_default();
    catalogue(call)
        .change_tags(arn, &|present| {
            present.extend(tags.iter().map(|(key, value)| (key.clone(), value.clone())))
        })
        .await?;
    Ok(Value::Null)
}
