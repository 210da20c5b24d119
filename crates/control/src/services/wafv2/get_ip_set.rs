//! `GetIPSet`: a set of addresses whole.

use portcullis_model::resources::wafv2::IpSet;
use serde_json::{Value, json};

use super::{access, errors, rules, waf, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "GetIPSet",
    route: None,
    access: access::on_ip_set("wafv2:GetIPSet"),
    members: &["Name", "Scope", "Id"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let named = rules::named(&mut input);
    errors::finish(input)?;
    let kept = waf(call).get::<IpSet>(named.scope, named.name, named.id).await?;
    Ok(json!({ "IPSet": wire::ip_set(&kept.value), "LockToken": kept.value.lock_token }))
}
