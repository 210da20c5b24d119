//! The embedded store: one SQLite file in WAL mode, one writer thread with group commit, a few readers.
//!
//! Reads answer at once, inside the call. A commit is acknowledged after its transaction is on disk
//! (`synchronous=FULL`); dropping the future of a commit does not take the commit back.

mod batch;
mod connections;
mod lock;
mod migrations;
mod numbers;
mod purge;
mod reads;
mod writer;
#[cfg(test)]
mod tests;

use std::{path::Path, sync::Arc};

use portcullis_model::{Clock, Scope};

use crate::{Answer, Batch, Change, Committed, Kind, Page, Record, RecordKey, Store, StoreError};
use connections::Connections;
use lock::Lock;
use writer::Writer;

/// A [`Store`] in a file, or in memory for tests.
pub struct SqliteStore {
    // INVARIANT: fields drop in this order; the writer ends before the lock is given up.
    writer: Writer,
    connections: Arc<Connections>,
    clock: Arc<dyn Clock>,
    _lock: Option<Lock>,
}

impl SqliteStore {
    /// Opens the store in the file `path`, made when absent, holding the file `lock` beside it.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        Self::open_with_lock(path, &path.with_file_name("lock"), clock)
    }

    /// Opens the store in the file `path`, made when absent, holding the lock file `lock`.
    pub fn open_with_lock(path: &Path, lock: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let lock = Lock::take(lock)?;
        let connections = Connections::open(path)?;
        Self::start(connections, clock, Some(lock))
    }

    /// Opens an empty store that lives as long as the value.
    pub fn in_memory(clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        Self::start(Connections::in_memory()?, clock, None)
    }

    fn start(
        connections: Connections,
        clock: Arc<dyn Clock>,
        lock: Option<Lock>,
    ) -> Result<Self, StoreError> {
        let connections = Arc::new(connections);
        Ok(Self {
            writer: Writer::start(Arc::clone(&connections), Arc::clone(&clock))?,
            connections,
            clock,
            _lock: lock,
        })
    }
}

impl Store for SqliteStore {
    fn read<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>> {
        Box::pin(async move {
            let now = self.clock.now();
            self.connections
                .read(|connection| reads::read(connection, key, now))
        })
    }

    fn list<'a>(&'a self, scope: &'a Scope, kind: Kind, page: Page) -> Answer<'a, Vec<Record>> {
        Box::pin(async move {
            let now = self.clock.now();
            self.connections
                .read(|connection| reads::list(connection, scope, kind, &page, now))
        })
    }

    fn list_everywhere(&self, kind: Kind) -> Answer<'_, Vec<Record>> {
        Box::pin(async move {
            let now = self.clock.now();
            self.connections
                .read(|connection| reads::list_everywhere(connection, kind, now))
        })
    }

    fn scopes(&self, kind: Kind) -> Answer<'_, Vec<Scope>> {
        Box::pin(async move {
            self.connections
                .read(|connection| reads::scopes(connection, kind))
        })
    }

    fn find<'a>(&'a self, kind: Kind, name: &'static str, value: &'a str) -> Answer<'a, Vec<RecordKey>> {
        Box::pin(async move {
            let now = self.clock.now();
            self.connections
                .read(|connection| reads::find(connection, kind, name, value, now))
        })
    }

    fn commit(&self, batch: Batch) -> Answer<'_, Committed> {
        Box::pin(self.writer.commit(batch))
    }

    fn changes_since(&self, sequence: u64, limit: usize) -> Answer<'_, Vec<Change>> {
        Box::pin(async move {
            self.connections
                .read(|connection| reads::changes_since(connection, sequence, limit))
        })
    }

    fn sequence(&self) -> Answer<'_, u64> {
        Box::pin(async move { self.connections.read(reads::sequence) })
    }
}

/// Turns an error of SQLite into ours.
#[allow(clippy::needless_pass_by_value, reason = "used as `map_err(failed)`")]
fn failed(error: rusqlite::Error) -> StoreError {
    StoreError::Failed(error.to_string())
}
