//! What every store must do, as functions over `&dyn Store`; each backend runs them all through [`contract_tests`].

mod batches;
mod changes;
mod expiry;
mod lookups;
mod records;

use portcullis_model::{Scope, Timestamp};

use crate::{Batch, Committed, Expect, Kind, Put, RecordKey, Store, StoreError, kinds};

pub(crate) use batches::*;
pub(crate) use changes::*;
pub(crate) use expiry::*;
pub(crate) use lookups::*;
pub(crate) use records::*;

/// Makes a test of each case. `$open` returns a store, its [`portcullis_model::ManualClock`] and what must live on.
macro_rules! contract_tests {
    ($open:path) => {
        $crate::contract::contract_tests! { $open:
            absent_record_is_none,
            written_record_is_read_with_its_version,
            versions_count_from_one,
            bodies_are_kept_byte_for_byte,
            deleted_record_is_gone,
            record_written_after_deletion_starts_at_one,
            scopes_never_meet,
            kinds_never_meet,
            listing_is_ordered_by_the_bytes_of_ids,
            listing_keeps_to_its_prefix,
            prefix_is_not_a_pattern,
            pages_follow_each_other,
            listing_everywhere_crosses_scopes,
            all_of_a_kind_come_in_portions_each_once,
            typed_values_come_back_with_versions,
            typed_value_of_another_shape_is_an_error_without_its_body,
            absent_is_refused_when_there_is_a_record,
            stale_version_is_refused,
            version_of_an_absent_record_is_refused,
            deletion_expects_too,
            deleting_nothing_is_fine,
            batch_is_all_or_nothing,
            conflict_of_one_batch_fails_no_other,
            only_one_of_many_writers_wins,
            record_twice_in_a_batch_is_refused,
            empty_batch_is_fine,
            lookup_finds_records_in_every_scope,
            lookups_are_replaced_by_the_next_write,
            deletion_takes_lookups_along,
            unique_value_is_refused_to_another_record,
            unique_value_stays_with_its_record,
            unique_value_passes_on_within_a_batch,
            records_of_a_batch_may_swap_unique_values,
            unique_value_within_a_batch_is_refused_to_the_second,
            unique_values_of_kinds_never_meet,
            only_configuration_is_in_the_change_log,
            changes_come_in_order_and_in_portions,
            record_changed_twice_is_logged_once_at_its_newest,
            deletion_of_configuration_is_logged,
            refused_batch_is_not_logged,
            expired_record_is_gone_at_once,
            expired_record_is_absent_to_the_next_writer,
            expired_record_has_no_version,
            expired_record_holds_no_unique_value,
            later_expiry_keeps_the_record,
            configuration_that_expires_is_refused,
        }
    };
    ($open:path: $($case:ident),* $(,)?) => {$(
        #[tokio::test]
        async fn $case() {
            let (store, clock, _keep) = $open();
            $crate::contract::$case(&store, &clock).await;
        }
    )*};
}
pub(crate) use contract_tests;

const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

pub(crate) const fn start() -> Timestamp {
    START
}

fn here() -> Scope {
    Scope::new("111111111111", "us-east-1")
}

fn elsewhere() -> Scope {
    Scope::new("222222222222", "eu-west-1")
}

fn user(id: &str) -> RecordKey {
    RecordKey::new(&here(), kinds::USER, id)
}

fn api(id: &str) -> RecordKey {
    RecordKey::new(&here(), kinds::REST_API, id)
}

fn put(key: RecordKey, expect: Expect) -> Put {
    Put::json(key, "body", expect).unwrap()
}

async fn write(store: &dyn Store, put: Put) -> Result<Committed, StoreError> {
    store.commit(Batch::new().with(put)).await
}

async fn write_new(store: &dyn Store, key: RecordKey) {
    write(store, put(key, Expect::Absent)).await.unwrap();
}

async fn exists(store: &dyn Store, key: &RecordKey) -> bool {
    store.read(key).await.unwrap().is_some()
}

async fn found(store: &dyn Store, kind: Kind, name: &'static str, value: &str) -> Vec<String> {
    let keys = store.find(kind, name, value).await.unwrap();
    keys.into_iter().map(|key| key.id).collect()
}
