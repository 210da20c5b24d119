//! The numbers under which rows name what many of them share: a kind in one scope, and what records of a kind are found by.
//!
//! They are remembered for one batch alone: a batch that is rolled back takes the numbers that it made along.

use std::collections::HashMap;

use portcullis_model::Scope;
use rusqlite::{Connection, OptionalExtension, Params, params};

use super::failed;
use crate::{Kind, RecordKey, StoreError};

const SPACE: &str = "SELECT number FROM spaces WHERE kind = ?1 AND account = ?2 AND region = ?3";
const PUT_SPACE: &str = "INSERT INTO spaces (kind, account, region) VALUES (?1, ?2, ?3)";
const FIELD: &str = "SELECT number FROM fields WHERE kind = ?1 AND name = ?2";
const PUT_FIELD: &str = "INSERT INTO fields (kind, name) VALUES (?1, ?2)";

/// The numbers of one batch.
pub(super) struct Numbers<'c, 'b> {
    connection: &'c Connection,
    spaces: HashMap<(&'static str, &'b Scope), i64>,
    fields: HashMap<(&'static str, &'static str), i64>,
}

impl<'c, 'b> Numbers<'c, 'b> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self {
            connection,
            spaces: HashMap::new(),
            fields: HashMap::new(),
        }
    }

    /// Returns the number of the space that has the record, or will have it.
    pub(super) fn space(&mut self, key: &'b RecordKey) -> Result<i64, StoreError> {
        let shared = (key.kind.name, &key.scope);
        if let Some(number) = self.spaces.get(&shared) {
            return Ok(*number);
        }
        let (account, region) = (key.scope.account.as_str(), key.scope.region.as_str());
        let number = self.number(SPACE, PUT_SPACE, params![key.kind.name, account, region])?;
        self.spaces.insert(shared, number);
        Ok(number)
    }

    /// Returns the number of what records of the kind are found by.
    pub(super) fn field(&mut self, kind: Kind, name: &'static str) -> Result<i64, StoreError> {
        let shared = (kind.name, name);
        if let Some(number) = self.fields.get(&shared) {
            return Ok(*number);
        }
        let number = self.number(FIELD, PUT_FIELD, params![kind.name, name])?;
        self.fields.insert(shared, number);
        Ok(number)
    }

    fn number(&self, find: &str, put: &str, names: impl Params + Copy) -> Result<i64, StoreError> {
        let connection = self.connection;
        let found = connection
            .prepare_cached(find)
            .and_then(|mut statement| statement.query_row(names, |row| row.get(0)).optional())
            .map_err(failed)?;
        match found {
            Some(number) => Ok(number),
            None => connection
                .prepare_cached(put)
                .and_then(|mut statement| statement.insert(names))
                .map_err(failed),
        }
    }
}
