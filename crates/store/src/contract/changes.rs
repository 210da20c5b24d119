//! The change log.

use portcullis_model::ManualClock;

use super::*;

async fn ids_after(store: &dyn Store, sequence: u64, limit: usize) -> Vec<String> {
    let changes = store.changes_since(sequence, limit).await.unwrap();
    changes.into_iter().map(|change| change.key.id).collect()
}

pub(crate) async fn only_configuration_is_in_the_change_log(store: &dyn Store, _: &ManualClock) {
    write_new(store, user("ada")).await;
    write_new(store, RecordKey::new(&here(), kinds::SPENT, "nonce")).await;
    assert_eq!(store.sequence().await.unwrap(), 0);
    let committed = write(store, put(api("a"), Expect::Absent)).await.unwrap();
    assert_eq!(committed.sequence, 1);
    assert_eq!(store.sequence().await.unwrap(), 1);
    let committed = write(store, put(user("zoe"), Expect::Absent)).await.unwrap();
    assert_eq!(committed.sequence, 1);
}

pub(crate) async fn changes_come_in_order_and_in_portions(store: &dyn Store, _: &ManualClock) {
    let batch = Batch::new()
        .with(put(api("b"), Expect::Absent))
        .with(put(user("ada"), Expect::Absent))
        .with(put(api("a"), Expect::Absent));
    assert_eq!(store.commit(batch).await.unwrap().sequence, 2);
    write_new(store, RecordKey::new(&elsewhere(), kinds::API_STAGE, "c")).await;
    assert_eq!(ids_after(store, 0, 10).await, ["b", "a", "c"]);
    assert_eq!(ids_after(store, 0, 2).await, ["b", "a"]);
    assert_eq!(ids_after(store, 1, 10).await, ["a", "c"]);
    assert_eq!(ids_after(store, 3, 10).await, Vec::<String>::new());
    let last = store.changes_since(2, 1).await.unwrap().pop().unwrap();
    assert_eq!(
        (last.sequence, last.key),
        (3, RecordKey::new(&elsewhere(), kinds::API_STAGE, "c"))
    );
}

pub(crate) async fn record_changed_twice_is_logged_once_at_its_newest(store: &dyn Store, _: &ManualClock) {
    write_new(store, api("a")).await;
    write_new(store, api("b")).await;
    let committed = write(store, put(api("a"), Expect::Version(1))).await.unwrap();
    assert_eq!(committed.sequence, 3);
    assert_eq!(ids_after(store, 0, 10).await, ["b", "a"]);
    assert_eq!(ids_after(store, 2, 10).await, ["a"]);
}

pub(crate) async fn deletion_of_configuration_is_logged(store: &dyn Store, _: &ManualClock) {
    write_new(store, api("a")).await;
    let batch = Batch::new().delete(api("a"), Expect::Version(1));
    assert_eq!(store.commit(batch).await.unwrap().sequence, 2);
    assert_eq!(ids_after(store, 1, 10).await, ["a"]);
    // Deleting what is not there changes nothing.
    let batch = Batch::new().delete(api("a"), Expect::Anything);
    assert_eq!(store.commit(batch).await.unwrap().sequence, 2);
}

pub(crate) async fn refused_batch_is_not_logged(store: &dyn Store, _: &ManualClock) {
    write_new(store, api("a")).await;
    let batch = Batch::new()
        .with(put(api("b"), Expect::Absent))
        .with(put(api("a"), Expect::Absent));
    store.commit(batch).await.unwrap_err();
    assert_eq!(store.sequence().await.unwrap(), 1);
    assert!(ids_after(store, 1, 10).await.is_empty());
}
