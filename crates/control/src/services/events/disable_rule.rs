//! `DisableRule`: lets a rule be, without sending.

use portcullis_model::resources::events::RuleState;
use serde_json::Value;

use super::{access, catalogue, input};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DisableRule",
    route: None,
    access: access::on_rule("events:DisableRule"),
    members: &["Name", "EventBusName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let name = members.required("Name", input::NAME);
    let bus = input::bus(&mut members);
    input::finish(members)?;
    catalogue(call)
        .change_rule(bus, name, &|rule| {
            rule.state = RuleState::Disabled;
            Ok(())
        })
        .await?;
    Ok(Value::Null)
}
