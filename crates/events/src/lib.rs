//! Who may send and read which event? Buses, rules, producers' signatures, and the way to the consumer.
//!
//! [`Catalogue`] is the configuration: what operations and stacks make. [`Events`] is what runs: it takes events in
//! ([`ingest`]), each checked against its bus as [`snapshot`] compiled it, and brings them to their targets
//! ([`delivery`]). Whether a caller may send at all is admission's question, not ours.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-what-is.html>

pub mod catalogue;
pub mod delivery;
pub mod ingest;
pub mod ports;
pub mod snapshot;
mod error;
mod names;
mod producers;
mod signature;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use portcullis_model::{Clock, Entropy};
use portcullis_store::Store;
use portcullis_vault::Vault;

pub use catalogue::{
    ApiDestinationChange, Catalogue, ConnectionSecret, NewApiDestination, NewConnection, PutRule,
};
pub use error::EventsError;
pub use names::{DEFAULT_BUS, bus_arn, bus_name, rule_arn};
pub use producers::{PRODUCER_TAG, SIGNATURES_TAG, check_producer_tags};
pub use signature::{SIGNATURE_MEMBER, WINDOW_SECONDS};

/// What events are made of.
#[derive(Clone)]
pub struct EventsParts {
    pub store: Arc<dyn Store>,
    pub vault: Arc<Vault>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

/// The buses at work. Shared by `Arc`.
pub struct Events {
    parts: EventsParts,
    snapshot: snapshot::Index,
    queue: delivery::Queue,
}

impl Events {
    /// Returns the buses over their parts; nothing is delivered before [`Self::deliver`].
    pub fn new(parts: EventsParts) -> Self {
        Self {
            parts,
            snapshot: snapshot::Index::default(),
            queue: delivery::Queue::default(),
        }
    }
}
