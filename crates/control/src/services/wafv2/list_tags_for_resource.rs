//! `ListTagsForResource`: the tags of a web ACL or a set.

use serde_json::{Value, json};

use super::{access, errors, rules, tagged, waf};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ListTagsForResource",
    route: None,
    access: access::on_arn("wafv2:ListTagsForResource"),
    members: &["ResourceARN", "NextMarker", "Limit"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let arn = input.required("ResourceARN", rules::ARN);
    rules::page(&mut input);
    errors::finish(input)?;
    let tags = tagged::tags(&waf(call), arn).await?;
    let list: Vec<Value> = tags
        .iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    Ok(json!({ "TagInfoForResource": { "ResourceARN": arn, "TagList": list } }))
}
