//! Where is it kept? Versioned records with lookups, a change log and expiry; one small trait.
//!
//! Three classes of data: *configuration* (has a change log, drives snapshots), *directory* (users, groups,
//! keys; no change log) and *ephemeral* (sessions, codes, counters; expire). Writes are batches with expected
//! versions, all or nothing, durable when acknowledged. Every record that holds a secret holds it sealed.

pub mod kinds;
mod portions;
pub mod record;
mod settled;
pub mod typed;
pub mod sqlite;
#[cfg(test)]
mod contract;

use std::{future::Future, pin::Pin};

use portcullis_model::Scope;

pub use kinds::{Class, Kind};
pub use portions::each_everywhere;
pub use record::{Batch, Change, Committed, Expect, Lookup, Page, Put, Record, RecordKey};
pub use settled::settled;
pub use sqlite::SqliteStore;

/// An answer that may take a while: SQLite answers at once, a database over a network does not.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A record had another version than expected: somebody else was first, or it exists or is gone.
    #[error("`{key}` was changed by somebody else")]
    Conflict { key: String },
    /// A unique lookup names another record already.
    #[error("`{value}` is taken as `{name}` by another record")]
    Taken { name: &'static str, value: String },
    /// A batch names one record twice, and there is no order in which both would count.
    #[error("a batch writes `{key}` twice: write a record once per batch")]
    Repeated { key: String },
    /// The file was written by a newer program.
    #[error("the store has schema {found}, this program knows up to {known}: use a newer portcullis")]
    Newer { found: u32, known: u32 },
    /// The store is in use by another process.
    #[error("`{0}` is in use by another portcullis")]
    Locked(String),
    /// The database failed.
    #[error("the store failed: {0}")]
    Failed(String),
}

/// Keeps records. All calls may be made from any thread.
pub trait Store: Send + Sync + 'static {
    /// Returns a record, unless it does not exist or has expired.
    fn read<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>>;

    /// Returns records of one kind in one scope, ordered by id.
    fn list<'a>(&'a self, scope: &'a Scope, kind: Kind, page: Page) -> Answer<'a, Vec<Record>>;

    /// Returns every record of one kind in every scope; for start-up and the change feed only.
    fn list_everywhere(&self, kind: Kind) -> Answer<'_, Vec<Record>>;

    /// Returns every scope that has, or had, records of one kind: with [`list`](Self::list), a way through many of them in portions.
    fn scopes(&self, kind: Kind) -> Answer<'_, Vec<Scope>>;

    /// Returns the keys of the records of `kind` that a lookup names, in every scope.
    fn find<'a>(&'a self, kind: Kind, name: &'static str, value: &'a str) -> Answer<'a, Vec<RecordKey>>;

    /// Writes a batch: all of it or nothing; durable when this returns. Expectations and unique lookups are judged
    /// on the batch as a whole, so a name may pass from a record that it deletes to one that it writes.
    fn commit(&self, batch: Batch) -> Answer<'_, Committed>;

    /// Returns changes of configuration after `sequence`, oldest first. A record that changed more than once
    /// appears once, at its newest change.
    fn changes_since(&self, sequence: u64, limit: usize) -> Answer<'_, Vec<Change>>;

    /// Returns the newest sequence of the change log, 0 when empty.
    fn sequence(&self) -> Answer<'_, u64>;
}
