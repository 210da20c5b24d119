//! `DescribeRule`: tells of a rule.

use serde_json::Value;

use super::{access, catalogue, input, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DescribeRule",
    route: None,
    access: access::on_rule("events:DescribeRule"),
    members: &["Name", "EventBusName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let name = members.required("Name", input::NAME);
    let bus = input::bus(&mut members);
    input::finish(members)?;
    let rule = catalogue(call).rule(bus, name).await?;
    let mut answer = wire::rule(call.scope, &rule);
    answer.insert("CreatedBy".into(), call.scope.account.as_str().into());
    Ok(answer.into())
}
