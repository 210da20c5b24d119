//! `TagResource`: adds tags to a web ACL or a set.

use serde_json::{Value, json};

use super::{access, errors, rules, tagged, waf};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "TagResource",
    route: None,
    access: access::on_arn("wafv2:TagResource"),
    members: &["ResourceARN", "Tags"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let arn = input.required("ResourceARN", rules::ARN);
    let added = rules::tags(&mut input)?;
    errors::finish(input)?;
    tagged::change(&waf(call), arn, |tags| {
        tags.extend(added);
        rules::check_tags(tags.len())
    })
    .await?;
    Ok(json!({}))
}
