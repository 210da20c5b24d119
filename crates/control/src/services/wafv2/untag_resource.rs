//! `UntagResource`: takes tags from a web ACL or a set.

use serde_json::{Value, json};

use super::{access, errors, rules, tagged, waf};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "UntagResource",
    route: None,
    access: access::on_arn("wafv2:UntagResource"),
    members: &["ResourceARN", "TagKeys"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let arn = input.required("ResourceARN", rules::ARN);
    let keys = input.texts("TagKeys", rules::METRIC);
    input.require("TagKeys", keys.is_some());
    errors::finish(input)?;
    let keys = keys.unwrap_or_default();
    tagged::change(&waf(call), arn, |tags| {
        tags.retain(|key, _| !keys.contains(key));
        Ok(())
    })
    .await?;
    Ok(json!({}))
}
