//! `UpdateWebACL`: replaces the whole of a web ACL, if the lock token is the newest.

use portcullis_model::resources::wafv2::WebAcl;
use serde_json::{Value, json};

use super::{access, errors, rules, waf, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "UpdateWebACL",
    route: None,
    access: access::on_web_acl("wafv2:UpdateWebACL"),
    members: &[
        "Name",
        "Scope",
        "Id",
        "LockToken",
        "DefaultAction",
        "Description",
        "Rules",
        "VisibilityConfig",
        "CustomResponseBodies",
        "AssociationConfig",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let named = rules::named(&mut input);
    let token = input.required("LockToken", rules::LOCK_TOKEN);
    let settings = wire::web_acl_settings(&mut input);
    errors::finish(input)?;
    let kept = waf(call).get::<WebAcl>(named.scope, named.name, named.id).await?;
    let changed = waf(call).update_web_acl(kept, Some(token), settings?).await?;
    Ok(json!({ "NextLockToken": changed.lock_token }))
}
