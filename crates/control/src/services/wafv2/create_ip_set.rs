//! `CreateIPSet`: makes a set of addresses.

use serde_json::{Value, json};

use super::{access, errors, rules, waf, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "CreateIPSet",
    route: None,
    access: access::on_new_ip_set("wafv2:CreateIPSet"),
    members: &[
        "Name",
        "Scope",
        "Description",
        "IPAddressVersion",
        "Addresses",
        "Tags",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let (scope, name) = (rules::scope(&mut input), input.required("Name", rules::NAME));
    let version = input.one_of("IPAddressVersion", &["IPV4", "IPV6"]);
    input.require("IPAddressVersion", version.is_some());
    let contents = wire::addresses(&mut input);
    let tags = rules::tags(&mut input)?;
    errors::finish(input)?;
    let version = version.unwrap_or_default();
    let made = waf(call)
        .create_ip_set((scope, name), version, contents, tags)
        .await?;
    Ok(json!({ "Summary": wire::summary(&made) }))
}
