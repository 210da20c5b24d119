//! `UpdateIPSet`: replaces the addresses of a set, if the lock token is the newest.

use portcullis_model::resources::wafv2::IpSet;
use serde_json::{Value, json};

use super::{access, errors, rules, waf, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "UpdateIPSet",
    route: None,
    access: access::on_ip_set("wafv2:UpdateIPSet"),
    members: &["Name", "Scope", "Id", "Description", "Addresses", "LockToken"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let named = rules::named(&mut input);
    let token = input.required("LockToken", rules::LOCK_TOKEN);
    let contents = wire::addresses(&mut input);
    errors::finish(input)?;
    let kept = waf(call).get::<IpSet>(named.scope, named.name, named.id).await?;
    let changed = waf(call).update_ip_set(kept, Some(token), contents).await?;
    Ok(json!({ "NextLockToken": changed.lock_token }))
}
