//! Rules let send, or let be: what `EnableRule` and `DisableRule` share.

use portcullis_model::resources::events::RuleState;
use serde_json::Value;

use super::{catalogue, input};
use crate::{
    input::Input,
    operation::{AwsError, Call},
};

/// Puts the rule that the call names into `state`.
pub(super) async fn set(call: &Call<'_>, state: RuleState) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let name = members.required("Name", input::NAME);
    let bus = input::bus(&mut members);
    input::finish(members)?;
    catalogue(call)
        .change_rule(bus, name, &|rule| {
            rule.state = state;
            Ok(())
        })
        .await?;
    Ok(Value::Null)
}
