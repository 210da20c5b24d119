//! `ListResourcesForWebACL`: what a web ACL guards, of one type; load balancers unless the caller says otherwise, as on AWS.

use portcullis_model::resources::wafv2::WebAcl;
use serde_json::{Value, json};

use super::{access, errors, rules, waf};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ListResourcesForWebACL",
    route: None,
    access: access::on_arn("wafv2:ListResourcesForWebACL"),
    members: &["WebACLArn", "ResourceType"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let arn = input.required("WebACLArn", rules::ARN);
    let kind = input.text("ResourceType", rules::NAME);
    errors::finish(input)?;
    let found = waf(call).by_arn::<WebAcl>(arn).await?;
    found.ok_or_else(errors::nonexistent)?;
    let arns: Vec<String> = match kind {
        Some("API_GATEWAY") => waf(call)
            .guarded_by(arn)
            .await?
            .into_iter()
            .filter(|arn| arn.contains(":apigateway:"))
            .collect(),
        _ => Vec::new(),
    };
    Ok(json!({ "ResourceArns": arns }))
}
