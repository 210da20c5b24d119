//! `DisableRule`: lets a rule be, without sending.

use portcullis_model::resources::events::RuleState;

use super::{access, rule_state};
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "DisableRule",
    route: None,
    access: access::on_rule("events:DisableRule"),
    members: &["Name", "EventBusName"],
    call: |call| Box::pin(rule_state::set(call, RuleState::Disabled)),
};
