//! What goes into the store and comes out.

use std::fmt;

use portcullis_model::{Scope, Timestamp};

use crate::Kind;

/// Names one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordKey {
    pub scope: Scope,
    pub kind: Kind,
    pub id: String,
}

impl RecordKey {
    /// Returns the key of `id` among the `kind`s of `scope`.
    pub fn new(scope: &Scope, kind: Kind, id: impl Into<String>) -> Self {
        Self {
            scope: scope.clone(),
            kind,
            id: id.into(),
        }
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}/{}/{}/{}",
            self.scope.account, self.scope.region, self.kind.name, self.id
        )
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub key: RecordKey,
    /// Counts from 1, up by one at each write.
    pub version: u64,
    /// JSON.
    pub body: Vec<u8>,
    pub expires: Option<Timestamp>,
}

/// What the writer believes about the record before the write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    Absent,
    Version(u64),
    Anything,
}

/// A value by which a record is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    pub name: &'static str,
    pub value: String,
    /// No two records of the kind, in any scope, may share it.
    pub unique: bool,
}

/// A record to write. Its lookups replace the earlier ones.
#[derive(Clone, Debug)]
pub struct Put {
    pub key: RecordKey,
    pub body: Vec<u8>,
    pub expect: Expect,
    pub lookups: Vec<Lookup>,
    pub expires: Option<Timestamp>,
}

/// Writes that happen together or not at all.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub puts: Vec<Put>,
    pub deletes: Vec<(RecordKey, Expect)>,
}

impl Batch {
    /// Returns an empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a record without lookups or expiry.
    #[must_use]
    pub fn put(mut self, key: RecordKey, body: Vec<u8>, expect: Expect) -> Self {
        self.puts.push(Put {
            key,
            body,
            expect,
            lookups: Vec::new(),
            expires: None,
        });
        self
    }

    /// Adds a deletion. Deleting what is not there is fine under [`Expect::Anything`].
    #[must_use]
    pub fn delete(mut self, key: RecordKey, expect: Expect) -> Self {
        self.deletes.push((key, expect));
        self
    }

    /// Adds the writes of `other` behind its own.
    pub fn append(&mut self, other: Self) {
        self.puts.extend(other.puts);
        self.deletes.extend(other.deletes);
    }

    /// Tells whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.puts.is_empty() && self.deletes.is_empty()
    }
}

/// What a commit did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The newest sequence of the change log after it.
    pub sequence: u64,
    /// The new version of each put, in order.
    pub versions: Vec<u64>,
}

/// One entry of the change log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub sequence: u64,
    pub key: RecordKey,
}

/// Which part of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Only ids that start with this.
    pub prefix: String,
    /// Only ids after this one.
    pub after: Option<String>,
    /// At most so many; 0 for all.
    pub limit: usize,
}

impl Page {
    /// Returns the page that holds everything whose id starts with `prefix`.
    pub fn all(prefix: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
            after: None,
            limit: 0,
        }
    }
}
