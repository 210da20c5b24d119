//! `DeleteIPSet`: deletes a set that no web ACL refers to, if the lock token is the newest.

use portcullis_model::resources::wafv2::IpSet;
use serde_json::{Value, json};

use super::{access, errors, rules, waf};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteIPSet",
    route: None,
    access: access::on_ip_set("wafv2:DeleteIPSet"),
    members: &["Name", "Scope", "Id", "LockToken"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let named = rules::named(&mut input);
    let token = input.required("LockToken", rules::LOCK_TOKEN);
    errors::finish(input)?;
    let kept = waf(call).get::<IpSet>(named.scope, named.name, named.id).await?;
    waf(call).delete_ip_set(&kept, Some(token)).await?;
    Ok(json!({}))
}
