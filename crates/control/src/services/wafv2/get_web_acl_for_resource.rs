//! `GetWebACLForResource`: the web ACL that guards a stage, if one does.

use portcullis_model::resources::wafv2::WebAcl;
use serde_json::{Value, json};

use super::{access, errors, rules, waf, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "GetWebACLForResource",
    route: None,
    access: access::on_arn("wafv2:GetWebACLForResource"),
    members: &["ResourceArn"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let resource = input.required("ResourceArn", rules::ARN);
    errors::finish(input)?;
    waf(call).check_resource(resource).await?;
    let Some(arn) = waf(call).guard_of(resource).await? else {
        return Ok(json!({}));
    };
    let found = waf(call).by_arn::<WebAcl>(&arn).await?;
    let kept = found.ok_or_else(errors::nonexistent)?;
    Ok(json!({ "WebACL": wire::web_acl(&kept.value) }))
}
