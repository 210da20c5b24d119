//! Reading: an expired record is not there, whether or not it was purged already.

use portcullis_model::{Scope, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::failed;
use crate::{Change, Kind, Page, Record, RecordKey, StoreError, kinds};

const READ: &str = "SELECT version, body, expires FROM records \
     WHERE space = (SELECT number FROM spaces WHERE kind = ?1 AND account = ?2 AND region = ?3) \
     AND id = ?4 AND (expires IS NULL OR expires > ?5)";
const LIST_FROM: &str = "SELECT id, version, body, expires FROM records \
     WHERE space = (SELECT number FROM spaces WHERE kind = ?1 AND account = ?2 AND region = ?3) \
     AND id >= ?4 AND (expires IS NULL OR expires > ?5) ORDER BY id LIMIT ?6";
const LIST_AFTER: &str = "SELECT id, version, body, expires FROM records \
     WHERE space = (SELECT number FROM spaces WHERE kind = ?1 AND account = ?2 AND region = ?3) \
     AND id > ?4 AND (expires IS NULL OR expires > ?5) ORDER BY id LIMIT ?6";
// `CROSS JOIN` tells SQLite to take the tables in this order.
const LIST_EVERYWHERE: &str = "SELECT r.id, r.version, r.body, r.expires, s.account, s.region \
     FROM spaces s CROSS JOIN records r ON r.space = s.number \
     WHERE s.kind = ?1 AND (r.expires IS NULL OR r.expires > ?2) ORDER BY s.account, s.region, r.id";
const SCOPES: &str = "SELECT account, region FROM spaces WHERE kind = ?1 ORDER BY account, region";
const FIND: &str = "SELECT s.account, s.region, r.id FROM fields f CROSS JOIN lookups l ON l.field = f.number \
     CROSS JOIN records r ON r.number = l.record CROSS JOIN spaces s ON s.number = r.space \
     WHERE f.kind = ?1 AND f.name = ?2 AND l.value = ?3 AND (r.expires IS NULL OR r.expires > ?4) \
     ORDER BY s.account, s.region, r.id";
const CHANGES: &str = "SELECT c.sequence, s.kind, s.account, s.region, c.id \
     FROM changes c CROSS JOIN spaces s ON s.number = c.space \
     WHERE c.sequence > ?1 ORDER BY c.sequence LIMIT ?2";
const SEQUENCE: &str = "SELECT coalesce(max(sequence), 0) FROM changes";

/// Reads one record.
pub(super) fn read(
    connection: &Connection,
    key: &RecordKey,
    now: Timestamp,
) -> Result<Option<Record>, StoreError> {
    let RecordKey { scope, kind, id } = key;
    let bound = params![
        kind.name,
        scope.account.as_str(),
        scope.region.as_str(),
        id,
        now.0
    ];
    connection
        .prepare_cached(READ)
        .and_then(|mut statement| {
            statement
                .query_row(bound, |row| {
                    Ok(Record {
                        key: key.clone(),
                        version: unsigned(row, 0)?,
                        body: row.get(1)?,
                        expires: row.get::<_, Option<i64>>(2)?.map(Timestamp),
                    })
                })
                .optional()
        })
        .map_err(failed)
}

/// Reads the records of one kind in one scope, ordered by the bytes of their ids.
pub(super) fn list(
    connection: &Connection,
    scope: &Scope,
    kind: Kind,
    page: &Page,
    now: Timestamp,
) -> Result<Vec<Record>, StoreError> {
    let (sql, start) = match &page.after {
        Some(after) if after.as_str() >= page.prefix.as_str() => (LIST_AFTER, after),
        _ => (LIST_FROM, &page.prefix),
    };
    let limit = match page.limit {
        0 => -1,
        limit => signed(limit as u64),
    };
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    let bound = params![
        kind.name,
        scope.account.as_str(),
        scope.region.as_str(),
        start,
        now.0,
        limit
    ];
    let mut rows = statement.query(bound).map_err(failed)?;
    let mut records = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let record = record(row, scope.clone(), kind).map_err(failed)?;
        // What shares a prefix stands together, so the first other id is the end.
        if !record.key.id.starts_with(&page.prefix) {
            break;
        }
        records.push(record);
    }
    Ok(records)
}

/// Reads every record of one kind.
pub(super) fn list_everywhere(
    connection: &Connection,
    kind: Kind,
    now: Timestamp,
) -> Result<Vec<Record>, StoreError> {
    let mut statement = connection.prepare_cached(LIST_EVERYWHERE).map_err(failed)?;
    statement
        .query_map(params![kind.name, now.0], |row| record(row, scope(row, 4)?, kind))
        .and_then(Iterator::collect)
        .map_err(failed)
}

/// Returns the scopes that have or had records of one kind.
pub(super) fn scopes(connection: &Connection, kind: Kind) -> Result<Vec<Scope>, StoreError> {
    let mut statement = connection.prepare_cached(SCOPES).map_err(failed)?;
    statement
        .query_map(params![kind.name], |row| scope(row, 0))
        .and_then(Iterator::collect)
        .map_err(failed)
}

/// Returns the keys that a lookup names.
pub(super) fn find(
    connection: &Connection,
    kind: Kind,
    name: &str,
    value: &str,
    now: Timestamp,
) -> Result<Vec<RecordKey>, StoreError> {
    let mut statement = connection.prepare_cached(FIND).map_err(failed)?;
    statement
        .query_map(params![kind.name, name, value, now.0], |row| {
            Ok(RecordKey {
                scope: scope(row, 0)?,
                kind,
                id: row.get(2)?,
            })
        })
        .and_then(Iterator::collect)
        .map_err(failed)
}

/// Returns the changes after `sequence`, oldest first.
pub(super) fn changes_since(
    connection: &Connection,
    sequence: u64,
    limit: usize,
) -> Result<Vec<Change>, StoreError> {
    let mut statement = connection.prepare_cached(CHANGES).map_err(failed)?;
    let mut rows = statement
        .query(params![signed(sequence), signed(limit as u64)])
        .map_err(failed)?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let name: String = row.get(1).map_err(failed)?;
        // Leaving it out would let a snapshot go stale without a word.
        let Some(kind) = kinds::ALL.iter().find(|kind| kind.name == name) else {
            return Err(StoreError::Failed(format!(
                "the change log names the kind `{name}`, which this program does not know: use a newer portcullis"
            )));
        };
        changes.push(Change {
            sequence: unsigned(row, 0).map_err(failed)?,
            key: RecordKey {
                scope: scope(row, 2).map_err(failed)?,
                kind: *kind,
                id: row.get(4).map_err(failed)?,
            },
        });
    }
    Ok(changes)
}

/// Returns the newest sequence.
pub(super) fn sequence(connection: &Connection) -> Result<u64, StoreError> {
    connection
        .prepare_cached(SEQUENCE)
        .and_then(|mut statement| statement.query_row((), |row| unsigned(row, 0)))
        .map_err(failed)
}

fn record(row: &Row<'_>, scope: Scope, kind: Kind) -> rusqlite::Result<Record> {
    Ok(Record {
        key: RecordKey {
            scope,
            kind,
            id: row.get(0)?,
        },
        version: unsigned(row, 1)?,
        body: row.get(2)?,
        expires: row.get::<_, Option<i64>>(3)?.map(Timestamp),
    })
}

fn scope(row: &Row<'_>, first_column: usize) -> rusqlite::Result<Scope> {
    let account: String = row.get(first_column)?;
    let region: String = row.get(first_column + 1)?;
    Ok(Scope::new(account, region))
}

fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)?.unsigned_abs())
}

/// SQLite counts in signed numbers; larger ones do not occur.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
