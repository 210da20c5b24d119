//! Resources of Amazon EventBridge.

pub mod api_destination;
pub mod connection;
pub mod event_bus;
pub mod rule;

use portcullis_events::EventsError;

use crate::operation::AwsError;

/// What is gone already need not be deleted.
fn gone_is_fine<T>(outcome: Result<T, EventsError>) -> Result<(), AwsError> {
    match outcome {
        Err(error) if error.is_not_found() => Ok(()),
        other => Ok(other.map(drop)?),
    }
}
