//! Applies one batch inside the writer's transaction: expectations first, then records, then lookups.
//!
//! Expectations and uniqueness are judged on the batch as a whole, so a name can pass from a record that it
//! deletes to one that it writes. A record may stand in a batch once: there is no order in which two would count.

use std::collections::HashSet;

use portcullis_model::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{failed, reads::signed};
use crate::{Batch, Class, Committed, Expect, Lookup, Put, RecordKey, StoreError};

const VERSION: &str = "SELECT version, expires FROM records \
     WHERE kind = ?1 AND account = ?2 AND region = ?3 AND id = ?4";
const PUT: &str = "INSERT INTO records (kind, account, region, id, version, body, expires) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
     ON CONFLICT DO UPDATE SET version = excluded.version, body = excluded.body, expires = excluded.expires";
const DELETE: &str = "DELETE FROM records WHERE kind = ?1 AND account = ?2 AND region = ?3 AND id = ?4";
const DELETE_LOOKUPS: &str =
    "DELETE FROM lookups WHERE kind = ?1 AND account = ?2 AND region = ?3 AND id = ?4";
const HOLDERS: &str = "SELECT l.account, l.region, l.id, r.expires FROM lookups l \
     JOIN records r ON r.kind = l.kind AND r.account = l.account AND r.region = l.region AND r.id = l.id \
     WHERE l.kind = ?1 AND l.name = ?2 AND l.value = ?3";
const PUT_LOOKUP: &str = "INSERT INTO lookups (kind, name, value, account, region, id, is_unique) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET is_unique = max(is_unique, excluded.is_unique)";
const PUT_CHANGE: &str = "INSERT OR REPLACE INTO changes (kind, account, region, id) VALUES (?1, ?2, ?3, ?4)";

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
    let mut versions = Vec::with_capacity(batch.puts.len());
    for put in &batch.puts {
        let (live, was_there) = current(connection, &put.key, now)?;
        expect(&put.key, put.expect, live)?;
        if was_there {
            on_key(connection, DELETE_LOOKUPS, &put.key)?;
        }
        versions.push(live.unwrap_or(0) + 1);
    }
    for (key, expected) in &batch.deletes {
        let (live, was_there) = current(connection, key, now)?;
        expect(key, *expected, live)?;
        if was_there {
            on_key(connection, DELETE_LOOKUPS, key)?;
            on_key(connection, DELETE, key)?;
        }
        if live.is_some() {
            log(connection, key)?;
        }
    }
    for (put, version) in batch.puts.iter().zip(&versions) {
        write(connection, put, *version)?;
        log(connection, &put.key)?;
    }
    for put in &batch.puts {
        for lookup in &put.lookups {
            write_lookup(connection, &put.key, lookup, now)?;
        }
    }
    Ok(Committed {
        sequence: super::reads::sequence(connection)?,
        versions,
    })
}

/// Returns the version where the record is there and has not expired, and whether there is a row at all.
fn current(
    connection: &Connection,
    key: &RecordKey,
    now: Timestamp,
) -> Result<(Option<u64>, bool), StoreError> {
    let RecordKey { scope, kind, id } = key;
    let found: Option<(i64, Option<i64>)> = connection
        .prepare_cached(VERSION)
        .and_then(|mut statement| {
            statement
                .query_row(
                    params![kind.name, scope.account.as_str(), scope.region.as_str(), id],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()
        })
        .map_err(failed)?;
    let live = found
        .filter(|(_, expires)| expires.is_none_or(|expires| expires > now.0))
        .map(|(version, _)| version.unsigned_abs());
    Ok((live, found.is_some()))
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

fn write(connection: &Connection, put: &Put, version: u64) -> Result<(), StoreError> {
    let RecordKey { scope, kind, id } = &put.key;
    connection
        .prepare_cached(PUT)
        .and_then(|mut statement| {
            statement.execute(params![
                kind.name,
                scope.account.as_str(),
                scope.region.as_str(),
                id,
                signed(version),
                put.body,
                put.expires.map(|moment| moment.0)
            ])
        })
        .map_err(failed)?;
    Ok(())
}

/// INVARIANT: the lookups of every record in the batch were removed before, so whoever holds the value is another.
fn write_lookup(
    connection: &Connection,
    key: &RecordKey,
    lookup: &Lookup,
    now: Timestamp,
) -> Result<(), StoreError> {
    if lookup.unique {
        for (holder, expires) in holders(connection, key, lookup)? {
            if holder == *key {
                continue;
            }
            if expires.is_none_or(|expires| expires > now) {
                return Err(StoreError::Taken {
                    name: lookup.name,
                    value: lookup.value.clone(),
                });
            }
            // It has expired: what nobody can see takes no names.
            on_key(connection, DELETE_LOOKUPS, &holder)?;
            on_key(connection, DELETE, &holder)?;
        }
    }
    let RecordKey { scope, kind, id } = key;
    connection
        .prepare_cached(PUT_LOOKUP)
        .and_then(|mut statement| {
            statement.execute(params![
                kind.name,
                lookup.name,
                lookup.value,
                scope.account.as_str(),
                scope.region.as_str(),
                id,
                lookup.unique
            ])
        })
        .map_err(failed)?;
    Ok(())
}

fn holders(
    connection: &Connection,
    key: &RecordKey,
    lookup: &Lookup,
) -> Result<Vec<(RecordKey, Option<Timestamp>)>, StoreError> {
    let mut statement = connection.prepare_cached(HOLDERS).map_err(failed)?;
    statement
        .query_map(params![key.kind.name, lookup.name, lookup.value], |row| {
            let scope = portcullis_model::Scope::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
            let holder = RecordKey::new(&scope, key.kind, row.get::<_, String>(2)?);
            Ok((holder, row.get::<_, Option<i64>>(3)?.map(Timestamp)))
        })
        .and_then(Iterator::collect)
        .map_err(failed)
}

fn log(connection: &Connection, key: &RecordKey) -> Result<(), StoreError> {
    if key.kind.class == Class::Configuration {
        on_key(connection, PUT_CHANGE, key)?;
    }
    Ok(())
}

fn on_key(connection: &Connection, sql: &str, key: &RecordKey) -> Result<(), StoreError> {
    let RecordKey { scope, kind, id } = key;
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            statement.execute(params![
                kind.name,
                scope.account.as_str(),
                scope.region.as_str(),
                id
            ])
        })
        .map_err(failed)?;
    Ok(())
}
