//! `DeleteWebACL`: deletes a web ACL that guards nothing any more, if the lock token is the newest.

use portcullis_model::resources::wafv2::WebAcl;
use serde_json::{Value, json};

use super::{access, errors, rules, waf};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteWebACL",
    route: None,
    access: access::on_web_acl("wafv2:DeleteWebACL"),
    members: &["Name", "Scope", "Id", "LockToken"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let named = rules::named(&mut input);
    let token = input.required("LockToken", rules::LOCK_TOKEN);
    errors::finish(input)?;
    let kept = waf(call).get::<WebAcl>(named.scope, named.name, named.id).await?;
    waf(call).delete_web_acl(&kept, Some(token)).await?;
    Ok(json!({}))
}
