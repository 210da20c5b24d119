//! Removes what has expired, a bounded number at a time. Nobody could see it any more; only its space is won back.

use portcullis_model::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};

use super::failed;
use crate::StoreError;

/// Records that one tick removes at most, so that waiting commits hardly notice.
pub(super) const RECORDS_PER_TICK_MAX: usize = 500;

const EXPIRED: &str = "SELECT rowid, kind, account, region, id FROM records \
     WHERE expires IS NOT NULL AND expires <= ?1 ORDER BY expires LIMIT ?2";
const DELETE: &str = "DELETE FROM records WHERE rowid = ?1";
const DELETE_LOOKUPS: &str =
    "DELETE FROM lookups WHERE kind = ?1 AND account = ?2 AND region = ?3 AND id = ?4";

/// Removes expired records and tells how many.
pub(super) fn purge(connection: &mut Connection, now: Timestamp) -> Result<usize, StoreError> {
    let expired = expired(connection, now).map_err(failed)?;
    if expired.is_empty() {
        return Ok(0);
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    for (row, key) in &expired {
        transaction
            .prepare_cached(DELETE_LOOKUPS)
            .and_then(|mut statement| statement.execute(rusqlite::params_from_iter(key)))
            .and_then(|_| transaction.prepare_cached(DELETE)?.execute([row]))
            .map_err(failed)?;
    }
    transaction.commit().map_err(failed)?;
    Ok(expired.len())
}

type ExpiredRow = (i64, [String; 4]);

fn expired(connection: &Connection, now: Timestamp) -> rusqlite::Result<Vec<ExpiredRow>> {
    let mut statement = connection.prepare_cached(EXPIRED)?;
    statement
        .query_map(
            params![now.0, super::reads::signed(RECORDS_PER_TICK_MAX as u64)],
            |row| Ok((row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?])),
        )?
        .collect()
}
