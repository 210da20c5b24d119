//! Amazon EventBridge: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Operations.html>
//!
//! Thin: the wire on one side, [`portcullis_events`] on the other. Rules match events; schedules, archives, replays, pipes,
//! partner sources and endpoints are not there. One kind of target is: an API destination.

mod access;
mod create_api_destination;
mod create_connection;
mod create_event_bus;
mod delete_api_destination;
mod delete_connection;
mod delete_event_bus;
mod delete_rule;
mod describe_api_destination;
mod describe_connection;
mod describe_event_bus;
mod describe_rule;
mod disable_rule;
mod enable_rule;
pub(crate) mod input;
mod list_api_destinations;
mod list_connections;
mod list_event_buses;
mod list_rules;
mod list_tags_for_resource;
mod list_targets_by_rule;
mod put_events;
mod put_rule;
mod put_targets;
mod remove_targets;
mod rule_state;
mod tag_resource;
mod test_event_pattern;
mod untag_resource;
mod update_api_destination;
mod wire;

use portcullis_events::Catalogue;

use crate::operation::{Call, Protocol, Service};

pub const SERVICE: Service = Service {
    name: "events",
    protocol: Protocol::Json11 {
        target_prefix: "AWSEvents",
    },
    operations: &[
        &create_api_destination::OPERATION,
        &create_connection::OPERATION,
        &create_event_bus::OPERATION,
        &delete_api_destination::OPERATION,
        &delete_connection::OPERATION,
        &delete_event_bus::OPERATION,
        &delete_rule::OPERATION,
        &describe_api_destination::OPERATION,
        &describe_connection::OPERATION,
        &describe_event_bus::OPERATION,
        &describe_rule::OPERATION,
        &disable_rule::OPERATION,
        &enable_rule::OPERATION,
        &list_api_destinations::OPERATION,
        &list_connections::OPERATION,
        &list_event_buses::OPERATION,
        &list_rules::OPERATION,
        &list_tags_for_resource::OPERATION,
        &list_targets_by_rule::OPERATION,
        &put_events::OPERATION,
        &put_rule::OPERATION,
        &put_targets::OPERATION,
        &remove_targets::OPERATION,
        &tag_resource::OPERATION,
        &test_event_pattern::OPERATION,
        &untag_resource::OPERATION,
        &update_api_destination::OPERATION,
    ],
};

/// Returns the event buses of the caller's account and what belongs to them.
fn catalogue<'a>(call: &'a Call<'_>) -> Catalogue<'a> {
    Catalogue {
        store: call.parts.store.as_ref(),
        vault: &call.parts.vault,
        clock: call.parts.clock.as_ref(),
        entropy: call.parts.entropy.as_ref(),
        scope: call.scope,
    }
}
