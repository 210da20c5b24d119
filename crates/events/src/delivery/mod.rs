//! From the store to the consumer: at least once, in order of time, each destination at its own rate.
//!
//! One thread sends. A delivery leaves the store when it was answered with success, or when its target's retry policy
//! says that enough was tried; until then a crash changes nothing.

mod backoff;
mod queue;
mod record;
mod schedule;
mod send;
mod webhook;
#[cfg(test)]
mod tests;

pub(crate) use queue::Queue;
#[cfg(test)]
pub(crate) use queue::{BYTES_WAITING_MAX, DELIVERIES_WAITING_MAX};
pub(crate) use record::Waiting;

use std::{io, sync::Arc, thread};

use portcullis_egress::{Client, ClientConfig};
use portcullis_store::StoreError;
use tokio::{sync::oneshot, task::LocalSet};

use crate::{Events, ports::Roles};
use schedule::Schedule;

/// The thread that sends; [`Self::stop`] lets what is on the wire end.
pub struct Deliveries {
    stop: oneshot::Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl Deliveries {
    /// Starts no further delivery, and returns when those on the wire have ended. Blocks.
    pub fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the deliveries of events ended with a fault");
        }
    }
}

/// Why deliveries cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("waiting events cannot be read: {0}")]
    Store(#[from] StoreError),
    #[error("the thread that delivers events cannot be started: {0}")]
    Thread(#[from] io::Error),
    #[error("events are delivered already")]
    Twice,
}

impl Events {
    /// Starts to deliver: what an earlier run left first.
    pub async fn deliver(
        self: &Arc<Self>,
        client: ClientConfig,
        roles: Arc<dyn Roles>,
    ) -> Result<Deliveries, StartError> {
        let arriving = self.queue.take_arriving().ok_or(StartError::Twice)?;
        let left = Waiting::read_all(self.parts.store.as_ref()).await?;
        self.queue.adopt(left);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let events = Arc::clone(self);
        let thread = thread::Builder::new().name("events".into()).spawn(move || {
            let local = LocalSet::new();
            let schedule = Schedule::new(events, roles, Client::new(client));
            local.block_on(&runtime, schedule.run(arriving, stopped));
        })?;
        Ok(Deliveries { stop, thread })
    }
}
