//! `ListRules`: lists the rules of a bus.

use serde_json::Value;

use super::{access, catalogue, input, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ListRules",
    route: None,
    access: access::everywhere("events:ListRules"),
    members: &["NamePrefix", "EventBusName", "NextToken", "Limit"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let bus = input::bus(&mut members);
    let paging = input::Paging::read(&mut members);
    input::finish(members)?;
    let rules = catalogue(call).rules(bus, &paging.prefix).await?;
    let (page, next) = paging.cut(rules, |rule| &rule.name);
    let listed = page
        .iter()
        .map(|rule| wire::rule(call.scope, rule).into())
        .collect();
    Ok(wire::page("Rules", listed, next))
}
