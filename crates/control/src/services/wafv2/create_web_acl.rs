//! `CreateWebACL`: makes a web ACL.

use serde_json::{Value, json};

use super::{access, errors, rules, waf, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "CreateWebACL",
    route: None,
    access: access::on_new_web_acl("wafv2:CreateWebACL"),
    members: &[
        "Name",
        "Scope",
        "DefaultAction",
        "Description",
        "Rules",
        "VisibilityConfig",
        "CustomResponseBodies",
        "AssociationConfig",
        "Tags",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let (scope, name) = (rules::scope(&mut input), input.required("Name", rules::NAME));
    let tags = rules::tags(&mut input)?;
    let settings = wire::web_acl_settings(&mut input);
    errors::finish(input)?;
    let made = waf(call).create_web_acl(scope, name, settings?, tags).await?;
    Ok(json!({ "Summary": wire::summary(&made) }))
}
