//! Event buses, rules and destinations, by which events are judged and sent.

use std::sync::Arc;

use portcullis_events::{Events, snapshot::KINDS};
use portcullis_store::{Kind, RecordKey};

use super::{Feed, Serving};

pub(super) struct EventBuses(pub(super) Arc<Events>);

impl Feed for EventBuses {
    fn kinds(&self) -> &'static [Kind] {
        KINDS
    }

    fn load(&self) -> Serving<'_> {
        Box::pin(self.0.load())
    }

    fn apply<'a>(&'a self, key: &'a RecordKey) -> Serving<'a> {
        Box::pin(self.0.publish(key))
    }
}
