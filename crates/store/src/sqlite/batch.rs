//! Applies one batch inside the writer's transaction: expectations first, then records, then lookups.
//!
//! Expectations and uniqueness are judged on the batch as a whole, so a name can pass from a record that it
//! deletes to one that it writes. A record may stand in a batch once: there is no order in which two would count.
//! Lookups are written in the order of their index, which a large batch passes once instead of jumping to and fro.

use std::collections::HashSet;

use portcullis_model::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params, params};

use super::{failed, numbers::Numbers, reads::signed};
use crate::{Batch, Class, Committed, Expect, Lookup, Put, RecordKey, StoreError};

const CURRENT: &str = "SELECT number, version, expires FROM records WHERE space = ?1 AND id = ?2";
const INSERT: &str = "INSERT INTO records (space, id, version, body, expires) VALUES (?1, ?2, ?3, ?4, ?5)";
const UPDATE: &str = "UPDATE records SET version = ?2, body = ?3, expires = ?4 WHERE number = ?1";
const DELETE: &str = "DELETE FROM records WHERE number = ?1";
const DELETE_LOOKUPS: &str = "DELETE FROM lookups WHERE record = ?1";
const HOLDERS: &str = "SELECT r.number, r.expires FROM lookups l CROSS JOIN records r ON r.number = l.record \
     WHERE l.field = ?1 AND l.value = ?2";
const PUT_LOOKUP: &str = "INSERT INTO lookups (field, value, record, is_unique) VALUES (?1, ?2, ?3, ?4) \
     ON CONFLICT DO UPDATE SET is_unique = max(is_unique, excluded.is_unique)";
const PUT_CHANGE: &str = "INSERT OR REPLACE INTO changes (space, id) VALUES (?1, ?2)";

/// Refuses what no state of the store could make right; needs no database.
pub(super) fn check(batch: &Batch) -> Result<(), StoreError> {
    for put in &batch.puts {
        if put.expires.is_some() && put.key.kind.class == Class::Configuration {
            return Err(StoreError::Failed(format!(
                "`{}` is configuration, which does not expire",
                put.key
            )));
        }
    }
    if batch.puts.len() + batch.deletes.len() < 2 {
        return Ok(());
    }
    let mut seen = HashSet::new();
    let keys = batch.puts.iter().map(|put| &put.key);
    for key in keys.chain(batch.deletes.iter().map(|(key, _)| key)) {
        if !seen.insert((key.kind.name, &key.scope, &key.id)) {
            return Err(StoreError::Repeated { key: key.to_string() });
        }
    }
    Ok(())
}

/// Applies `batch`. After an error the caller rolls back to where it began.
pub(super) fn apply(connection: &Connection, batch: &Batch, now: Timestamp) -> Result<Committed, StoreError> {
    let mut numbers = Numbers::new(connection);
    let mut rows = Vec::with_capacity(batch.puts.len());
    for put in &batch.puts {
        let row = Row::find(connection, numbers.space(&put.key)?, &put.key.id, now)?;
        expect(&put.key, put.expect, row.live)?;
        if let Some(number) = row.number {
            execute(connection, DELETE_LOOKUPS, [number])?;
        }
        rows.push(row);
    }
    for (key, expected) in &batch.deletes {
        let row = Row::find(connection, numbers.space(key)?, &key.id, now)?;
        expect(key, *expected, row.live)?;
        if let Some(number) = row.number {
            remove(connection, number)?;
        }
        if row.live.is_some() {
            log(connection, row.space, key)?;
        }
    }
    let (mut versions, mut lookups) = (Vec::with_capacity(rows.len()), Vec::new());
    for (put, row) in batch.puts.iter().zip(&rows) {
        let version = row.live.unwrap_or(0) + 1;
        let record = write(connection, put, row, version)?;
        log(connection, row.space, &put.key)?;
        versions.push(version);
        for lookup in &put.lookups {
            let field = numbers.field(put.key.kind, lookup.name)?;
            lookups.push(Found {
                field,
                record,
                lookup,
            });
        }
    }
    lookups.sort_by(|one, other| (one.field, &one.lookup.value).cmp(&(other.field, &other.lookup.value)));
    for found in &lookups {
        found.write(connection, now)?;
    }
    Ok(Committed {
        sequence: super::reads::sequence(connection)?,
        versions,
    })
}

/// Removes a record with its lookups.
pub(super) fn remove(connection: &Connection, number: i64) -> Result<(), StoreError> {
    execute(connection, DELETE_LOOKUPS, [number])?;
    execute(connection, DELETE, [number])
}

/// What stands where a record is written.
struct Row {
    space: i64,
    /// None: there is no row at all.
    number: Option<i64>,
    /// The version, where the record has not expired.
    live: Option<u64>,
}

impl Row {
    fn find(connection: &Connection, space: i64, id: &str, now: Timestamp) -> Result<Self, StoreError> {
        let found: Option<(i64, i64, Option<i64>)> = connection
            .prepare_cached(CURRENT)
            .and_then(|mut statement| {
                statement
                    .query_row(params![space, id], |row| {
                        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                    })
                    .optional()
            })
            .map_err(failed)?;
        let live = found
            .filter(|(_, _, expires)| expires.is_none_or(|expires| expires > now.0))
            .map(|(_, version, _)| version.unsigned_abs());
        let number = found.map(|(number, _, _)| number);
        Ok(Self { space, number, live })
    }
}

fn expect(key: &RecordKey, expected: Expect, live: Option<u64>) -> Result<(), StoreError> {
    let holds = match expected {
        Expect::Absent => live.is_none(),
        Expect::Version(version) => live == Some(version),
        Expect::Anything => true,
    };
    if holds {
        Ok(())
    } else {
        Err(StoreError::Conflict { key: key.to_string() })
    }
}

/// Returns the number of the record.
fn write(connection: &Connection, put: &Put, row: &Row, version: u64) -> Result<i64, StoreError> {
    let (version, expires) = (signed(version), put.expires.map(|moment| moment.0));
    if let Some(number) = row.number {
        execute(connection, UPDATE, params![number, version, put.body, expires])?;
        return Ok(number);
    }
    connection
        .prepare_cached(INSERT)
        .and_then(|mut statement| {
            statement.insert(params![row.space, put.key.id, version, put.body, expires])
        })
        .map_err(failed)
}

/// By what a record is found.
struct Found<'b> {
    field: i64,
    record: i64,
    lookup: &'b Lookup,
}

impl Found<'_> {
    /// INVARIANT: the lookups of every record in the batch were removed before, so whoever holds the value is another.
    fn write(&self, connection: &Connection, now: Timestamp) -> Result<(), StoreError> {
        let Self {
            field,
            record,
            lookup,
        } = self;
        if lookup.unique {
            for (holder, expires) in self.holders(connection)? {
                if holder == *record {
                    continue;
                }
                if expires.is_none_or(|expires| expires > now.0) {
                    return Err(StoreError::Taken {
                        name: lookup.name,
                        value: lookup.value.clone(),
                    });
                }
                // It has expired: what nobody can see takes no names.
                remove(connection, holder)?;
            }
        }
        execute(
            connection,
            PUT_LOOKUP,
            params![field, lookup.value, record, lookup.unique],
        )
    }

    fn holders(&self, connection: &Connection) -> Result<Vec<(i64, Option<i64>)>, StoreError> {
        let mut statement = connection.prepare_cached(HOLDERS).map_err(failed)?;
        statement
            .query_map(params![self.field, self.lookup.value], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .and_then(Iterator::collect)
            .map_err(failed)
    }
}

fn log(connection: &Connection, space: i64, key: &RecordKey) -> Result<(), StoreError> {
    if key.kind.class == Class::Configuration {
        execute(connection, PUT_CHANGE, params![space, key.id])?;
    }
    Ok(())
}

fn execute(connection: &Connection, sql: &str, bound: impl Params) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute(bound))
        .map(drop)
        .map_err(failed)
}
