//! `DisassociateWebACL`: takes the web ACL away from a stage; where there is none, that is fine.

use serde_json::{Value, json};

use super::{access, errors, rules, waf};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DisassociateWebACL",
    route: None,
    access: access::on_arn("wafv2:DisassociateWebACL"),
    members: &["ResourceArn"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let resource = input.required("ResourceArn", rules::ARN);
    errors::finish(input)?;
    waf(call).check_resource(resource).await?;
    waf(call).disassociate(resource).await?;
    Ok(json!({}))
}
