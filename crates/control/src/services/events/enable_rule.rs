//! `EnableRule`: lets a rule send.

use portcullis_model::resources::events::RuleState;

use super::{access, rule_state};
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "EnableRule",
    route: None,
    access: access::on_rule("events:EnableRule"),
    members: &["Name", "EventBusName"],
    call: |call| Box::pin(rule_state::set(call, RuleState::Enabled)),
};
