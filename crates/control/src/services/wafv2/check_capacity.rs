//! `CheckCapacity`: the capacity units that rules would use.

use serde_json::{Value, json};

use super::{access, errors, rules, waf, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "CheckCapacity",
    route: None,
    access: access::everywhere("wafv2:CheckCapacity"),
    members: &["Scope", "Rules"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let scope = rules::scope(&mut input);
    let asked = input.value("Rules").and_then(Value::as_array);
    input.require("Rules", asked.is_some());
    errors::finish(input)?;
    let web_acl = wire::pretended(scope, asked.cloned().unwrap_or_default())?;
    let compiled = waf(call).compiled(&web_acl).await?;
    Ok(json!({ "Capacity": compiled.capacity }))
}
