//! The one thread that writes. It takes every batch that waits into one transaction, each inside a savepoint, so
//! that many commits share one flush to disk and one batch's conflict fails nobody else.

use std::{sync::Arc, thread::JoinHandle, time::Duration};

use portcullis_model::{Clock, Timestamp};
use rusqlite::{Connection, TransactionBehavior};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, timeout_at},
};

use super::{batch, connections::Connections, purge};
use crate::{Batch, Committed, StoreError};

/// Batches that may wait; whoever comes later waits to be let in.
const BATCHES_WAITING_MAX: usize = 1024;
/// Batches that share one transaction at most.
const BATCHES_PER_GROUP_MAX: usize = 256;
const PURGE_EVERY: Duration = Duration::from_secs(5);
/// The pause when the last tick left expired records behind.
const PURGE_AGAIN_AFTER: Duration = Duration::from_millis(50);

type Outcome = Result<Committed, StoreError>;

struct Job {
    batch: Batch,
    reply: oneshot::Sender<Outcome>,
}

/// The writer thread; ends, after the commits that wait, when this is dropped.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(connections: Arc<Connections>, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let cannot = |cause: std::io::Error| StoreError::Failed(format!("the writer cannot start: {cause}"));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(cannot)?;
        let (jobs, waiting) = mpsc::channel(BATCHES_WAITING_MAX);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || runtime.block_on(run(&connections, clock.as_ref(), waiting)))
            .map_err(cannot)?;
        Ok(Self {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    /// Hands `batch` to the thread and waits until it is on disk.
    pub(super) async fn commit(&self, batch: Batch) -> Outcome {
        batch::check(&batch)?;
        let stopped = || StoreError::Failed("the writer has stopped".to_owned());
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or_else(stopped)?;
        jobs.send(Job { batch, reply }).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic in it has been reported to those who waited.
            let _ended = thread.join();
        }
    }
}

async fn run(connections: &Connections, clock: &dyn Clock, mut waiting: mpsc::Receiver<Job>) {
    let mut purge_at = Instant::now() + PURGE_EVERY;
    let mut group = Vec::with_capacity(BATCHES_PER_GROUP_MAX);
    loop {
        match timeout_at(purge_at, waiting.recv()).await {
            Ok(Some(job)) => {
                group.push(job);
                while group.len() < BATCHES_PER_GROUP_MAX
                    && let Ok(job) = waiting.try_recv()
                {
                    group.push(job);
                }
                write_group(&mut connections.writer(), &mut group, clock.now());
            }
            Ok(None) => return,
            Err(_elapsed) => {}
        }
        if Instant::now() >= purge_at {
            purge_at = Instant::now() + purge_tick(connections, clock.now());
        }
    }
}

/// Purges a little and returns how long to wait before the next time.
fn purge_tick(connections: &Connections, now: Timestamp) -> Duration {
    match purge::purge(&mut connections.writer(), now) {
        Ok(purged) if purged >= purge::RECORDS_PER_TICK_MAX => PURGE_AGAIN_AFTER,
        Ok(_) => PURGE_EVERY,
        Err(cause) => {
            tracing::warn!(%cause, "expired records could not be purged");
            PURGE_EVERY
        }
    }
}

/// Writes `group` and answers everybody, after the transaction is on disk: even a conflict counts only then,
/// because it may be with another batch of the same group.
fn write_group(connection: &mut Connection, group: &mut Vec<Job>, now: Timestamp) {
    let batches: Vec<&Batch> = group.iter().map(|job| &job.batch).collect();
    match commit_together(connection, &batches, now) {
        Ok(outcomes) => {
            for (job, outcome) in group.drain(..).zip(outcomes) {
                // Whoever gave up waiting does not hear it.
                let _unheard = job.reply.send(outcome);
            }
        }
        Err(cause) => {
            tracing::error!(%cause, batches = group.len(), "a group of commits failed");
            for job in group.drain(..) {
                let _unheard = job.reply.send(Err(StoreError::Failed(cause.clone())));
            }
        }
    }
}

/// Commits `batches` in one transaction. An error means that none of them was written.
fn commit_together(
    connection: &mut Connection,
    batches: &[&Batch],
    now: Timestamp,
) -> Result<Vec<Outcome>, String> {
    let text = |cause: rusqlite::Error| cause.to_string();
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(text)?;
    let mut outcomes = Vec::with_capacity(batches.len());
    for batch in batches {
        run_prepared(&transaction, "SAVEPOINT batch").map_err(text)?;
        let outcome = batch::apply(&transaction, batch, now);
        // A full disk makes SQLite roll the whole transaction back by itself; then the others are gone as well.
        if transaction.is_autocommit() {
            return Err(outcome.map_or_else(
                |cause| cause.to_string(),
                |_| "the transaction ended early".to_owned(),
            ));
        }
        if outcome.is_err() {
            run_prepared(&transaction, "ROLLBACK TO batch").map_err(text)?;
        }
        run_prepared(&transaction, "RELEASE batch").map_err(text)?;
        outcomes.push(outcome);
    }
    transaction.commit().map_err(text)?;
    Ok(outcomes)
}

fn run_prepared(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute(()).map(drop)
}
