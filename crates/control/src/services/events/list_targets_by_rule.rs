//! `ListTargetsByRule`: lists the targets of a rule.

use serde_json::Value;

use super::{access, catalogue, input, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ListTargetsByRule",
    route: None,
    access: access::on_rule_of_targets("events:ListTargetsByRule"),
    members: &["Rule", "EventBusName", "NextToken", "Limit"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let rule = members.required("Rule", input::NAME);
    let bus = input::bus(&mut members);
    let paging = input::Paging::read(&mut members);
    input::finish(members)?;
    let targets = catalogue(call).rule(bus, rule).await?.targets;
    let (page, next) = paging.cut(targets.into_values().collect(), |target| &target.id);
    Ok(wire::page(
        "Targets",
        page.iter().map(wire::target).collect(),
        next,
    ))
}
