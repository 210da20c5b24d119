//! `AssociateWebACL`: lets a web ACL guard a stage. The caller needs the permission on both.

use serde_json::{Value, json};

use super::{SERVICE, access, errors, rules, waf};
use crate::{
    admission,
    input::Input,
    operation::{AwsError, Call, Operation, Subject},
};

pub(super) const OPERATION: Operation = Operation {
    name: "AssociateWebACL",
    route: None,
    access: access::on_arn("wafv2:AssociateWebACL"),
    members: &["WebACLArn", "ResourceArn"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let web_acl = input.required("WebACLArn", rules::ARN);
    let resource = input.required("ResourceArn", rules::ARN);
    errors::finish(input)?;
    let subject = Subject {
        arn: resource.to_owned(),
        context: Vec::new(),
    };
    admission::authorize_on(&SERVICE, call, "wafv2:AssociateWebACL", &subject).await?;
    waf(call).associate(web_acl, resource).await?;
    Ok(json!({}))
}
