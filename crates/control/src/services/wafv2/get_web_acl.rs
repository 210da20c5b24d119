//! `GetWebACL`: a web ACL whole, with the lock token that a change of it must present.

use portcullis_model::resources::wafv2::WebAcl;
use serde_json::{Value, json};

use super::{access, errors, rules, waf, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "GetWebACL",
    route: None,
    access: access::on_web_acl("wafv2:GetWebACL"),
    members: &["Name", "Scope", "Id"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let named = rules::named(&mut input);
    errors::finish(input)?;
    let kept = waf(call).get::<WebAcl>(named.scope, named.name, named.id).await?;
    Ok(json!({ "WebACL": wire::web_acl(&kept.value), "LockToken": kept.value.lock_token }))
}
