//! JSON in and out of a [`Store`]: values come back with the version that the next write expects.

use portcullis_model::{Scope, Timestamp};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Batch, Expect, Kind, Lookup, Page, Put, Record, RecordKey, Store, StoreError};

/// A value with what the store knows about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    pub key: RecordKey,
    pub version: u64,
    pub expires: Option<Timestamp>,
    pub value: T,
}

impl<T> Versioned<T> {
    /// Returns what the next write of the record expects, so that nobody's change is lost.
    pub const fn expect(&self) -> Expect {
        Expect::Version(self.version)
    }
}

/// Reads one record.
pub async fn read_json<T: DeserializeOwned>(
    store: &dyn Store,
    key: &RecordKey,
) -> Result<Option<Versioned<T>>, StoreError> {
    store.read(key).await?.map(parse_record).transpose()
}

/// Reads the records of one kind in one scope, ordered by id.
pub async fn list_json<T: DeserializeOwned>(
    store: &dyn Store,
    scope: &Scope,
    kind: Kind,
    page: Page,
) -> Result<Vec<Versioned<T>>, StoreError> {
    parse_records(store.list(scope, kind, page).await?)
}

/// Reads every record of one kind in every scope; for start-up and the change feed only.
pub async fn list_everywhere_json<T: DeserializeOwned>(
    store: &dyn Store,
    kind: Kind,
) -> Result<Vec<Versioned<T>>, StoreError> {
    parse_records(store.list_everywhere(kind).await?)
}

/// Reads the records that a lookup names, in every scope. One that goes between the two steps is left out.
pub async fn find_json<T: DeserializeOwned>(
    store: &dyn Store,
    kind: Kind,
    name: &'static str,
    value: &str,
) -> Result<Vec<Versioned<T>>, StoreError> {
    let mut found = Vec::new();
    for key in store.find(kind, name, value).await? {
        found.extend(read_json(store, &key).await?);
    }
    Ok(found)
}

/// Parses the body of a record.
pub fn parse_record<T: DeserializeOwned>(record: Record) -> Result<Versioned<T>, StoreError> {
    // The cause may quote the body, and bodies are nobody's business: only place and key are told.
    let value = serde_json::from_slice(&record.body).map_err(|cause| {
        StoreError::Failed(format!(
            "`{}` does not hold what this program expects, at byte {} of its body ({:?})",
            record.key,
            cause.column(),
            cause.classify()
        ))
    })?;
    Ok(Versioned {
        key: record.key,
        version: record.version,
        expires: record.expires,
        value,
    })
}

fn parse_records<T: DeserializeOwned>(records: Vec<Record>) -> Result<Vec<Versioned<T>>, StoreError> {
    records.into_iter().map(parse_record).collect()
}

impl Put {
    /// Returns a write of `value` as JSON, without lookups or expiry.
    pub fn json<T: Serialize + ?Sized>(
        key: RecordKey,
        value: &T,
        expect: Expect,
    ) -> Result<Self, StoreError> {
        let body = serde_json::to_vec(value)
            .map_err(|cause| StoreError::Failed(format!("`{key}` cannot be written as JSON: {cause}")))?;
        Ok(Self {
            key,
            body,
            expect,
            lookups: Vec::new(),
            expires: None,
        })
    }

    /// Lets the record be found by `value`; others may share it.
    #[must_use]
    pub fn lookup(self, name: &'static str, value: impl Into<String>) -> Self {
        self.with_lookup(name, value.into(), false)
    }

    /// Lets the record be found by `value`, which no other record of the kind may have.
    #[must_use]
    pub fn unique(self, name: &'static str, value: impl Into<String>) -> Self {
        self.with_lookup(name, value.into(), true)
    }

    /// Lets the record vanish at `moment`.
    #[must_use]
    pub const fn expires(mut self, moment: Timestamp) -> Self {
        self.expires = Some(moment);
        self
    }

    fn with_lookup(mut self, name: &'static str, value: String, unique: bool) -> Self {
        self.lookups.push(Lookup { name, value, unique });
        self
    }
}

impl Batch {
    /// Adds a write.
    #[must_use]
    pub fn with(mut self, put: Put) -> Self {
        self.puts.push(put);
        self
    }

    /// Adds a write of `value` as JSON, without lookups or expiry.
    pub fn put_json<T: Serialize + ?Sized>(
        self,
        key: RecordKey,
        value: &T,
        expect: Expect,
    ) -> Result<Self, StoreError> {
        Ok(self.with(Put::json(key, value, expect)?))
    }
}
