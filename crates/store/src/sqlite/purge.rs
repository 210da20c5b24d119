//! Removes what has expired, a bounded number at a time. Nobody could see it any more; only its space is won back.

use portcullis_model::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};

use super::{batch, failed};
use crate::StoreError;

/// Records that one tick removes at most, so that waiting commits hardly notice.
pub(super) const RECORDS_PER_TICK_MAX: usize = 500;

const EXPIRED: &str = "SELECT number FROM records \
     WHERE expires IS NOT NULL AND expires <= ?1 ORDER BY expires LIMIT ?2";
/// Removes expired records and tells how many.
pub(super) fn purge(connection: &mut Connection, now: Timestamp) -> Result<usize, StoreError> {
    let expired = expired(connection, now).map_err(failed)?;
    if expired.is_empty() {
        return Ok(0);
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    for number in &expired {
        batch::remove(&transaction, *number)?;
    }
    transaction.commit().map_err(failed)?;
    Ok(expired.len())
}

fn expired(connection: &Connection, now: Timestamp) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare_cached(EXPIRED)?;
    statement
        .query_map(
            params![now.0, super::reads::signed(RECORDS_PER_TICK_MAX as u64)],
            |row| row.get(0),
        )?
        .collect()
}
