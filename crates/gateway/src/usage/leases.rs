//! Leases on quotas: requests wait here for theirs, and whoever keeps usage writes them down and answers.
//!
//! No request touches the store. One that finds its lease used up waits; a lease that is half used is asked for ahead, so that
//! a busy key waits once in a period. A lease counts from when it is on disk, and whoever cannot have one is refused.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use portcullis_model::Timestamp;
use tokio::sync::{Notify, oneshot};

use super::{Usage, key::Key, quota::Count};

/// Requests that one lease holds at most; a small quota's are a hundredth of it.
pub const LEASE_REQUESTS_MAX: u32 = 1_000;
/// Requests that wait for leases at once.
pub const LEASES_WAITING_MAX: usize = 10_000;
/// How long a request waits for one.
pub const LEASE_TIME: Duration = Duration::from_secs(5);

/// What is asked for and not yet granted.
#[derive(Default)]
pub(crate) struct Leases {
    asked: Mutex<Vec<Asked>>,
    wanted: Notify,
}

struct Asked {
    metered: Arc<Key>,
    since: u32,
    limit: u32,
    /// None: asked for ahead.
    answer: Option<oneshot::Sender<bool>>,
}

/// Why a request gets no lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoLease {
    TooMany,
    NotKept,
}

impl Leases {
    /// Asks for a lease without waiting for it.
    pub(crate) fn ask_ahead(&self, metered: &Arc<Key>, since: u32, limit: u32) {
        if self.ask(metered, since, limit, None).is_err() {
            metered.meter.grant_failed();
        }
    }

    /// Waits until the meter has a lease in the period.
    pub(crate) async fn wait(&self, metered: &Arc<Key>, since: u32, limit: u32) -> Result<(), NoLease> {
        let (answer, answered) = oneshot::channel();
        self.ask(metered, since, limit, Some(answer))?;
        match tokio::time::timeout(LEASE_TIME, answered).await {
            Ok(Ok(true)) => Ok(()),
            _ => Err(NoLease::NotKept),
        }
    }

    fn ask(
        &self,
        metered: &Arc<Key>,
        since: u32,
        limit: u32,
        answer: Option<oneshot::Sender<bool>>,
    ) -> Result<(), NoLease> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.len() >= LEASES_WAITING_MAX {
            return Err(NoLease::TooMany);
        }
        asked.push(Asked {
            metered: Arc::clone(metered),
            since,
            limit,
            answer,
        });
        drop(asked);
        self.wanted.notify_one();
        Ok(())
    }

    pub(crate) async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Makes one lease for each meter that somebody asked for.
    pub(crate) fn make(&self, now: Timestamp) -> MadeLeases {
        let asked = mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner));
        let mut made: HashMap<*const Key, MadeLease> = HashMap::new();
        for asked in asked {
            let until = asked.metered.meter.next_lease(asked.since, asked.limit);
            let lease = made
                .entry(Arc::as_ptr(&asked.metered))
                .or_insert_with(|| MadeLease {
                    until,
                    metered: asked.metered,
                    answers: Vec::new(),
                });
            // The later period, and in one period what the newest limit allows.
            if until.since >= lease.until.since {
                lease.until = until;
            }
            lease.answers.extend(asked.answer);
        }
        let leases: Vec<MadeLease> = made.into_values().collect();
        let usage = leases.iter().map(|lease| {
            let metered = &lease.metered;
            Usage::of(metered, metered.meter.today(now, lease.until))
        });
        MadeLeases {
            usage: usage.collect(),
            leases,
        }
    }
}

/// Leases that count as soon as they are on disk.
pub struct MadeLeases {
    /// What must be on disk before [`grant`](Self::grant).
    pub usage: Vec<Usage>,
    leases: Vec<MadeLease>,
}

struct MadeLease {
    metered: Arc<Key>,
    until: Count,
    answers: Vec<oneshot::Sender<bool>>,
}

impl MadeLeases {
    /// They are on disk: lets requests use them.
    pub fn grant(self) {
        self.answer(true);
    }

    /// They could not be written: whoever waits is refused.
    pub fn fail(self) {
        self.answer(false);
    }

    fn answer(self, is_kept: bool) {
        for lease in self.leases {
            if is_kept {
                lease.metered.meter.grant(lease.until);
            } else {
                lease.metered.meter.grant_failed();
            }
            for answer in lease.answers {
                // Whoever gave up waiting does not hear of it.
                let _ = answer.send(is_kept);
            }
        }
    }
}
