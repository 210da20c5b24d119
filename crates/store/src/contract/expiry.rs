//! Records that end by themselves.

use portcullis_model::ManualClock;

use super::*;
use crate::Page;

fn session(id: &str, seconds: i64) -> Put {
    let key = RecordKey::new(&here(), kinds::SPENT, id);
    put(key, Expect::Absent).expires(START.plus_seconds(seconds))
}

fn key(id: &str) -> RecordKey {
    session(id, 0).key
}

pub(crate) async fn expired_record_is_gone_at_once(store: &dyn Store, clock: &ManualClock) {
    write(store, session("s", 60).lookup("user", "ada"))
        .await
        .unwrap();
    clock.advance_seconds(59);
    let record = store.read(&key("s")).await.unwrap().unwrap();
    assert_eq!(record.expires, Some(START.plus_seconds(60)));
    assert_eq!(found(store, kinds::SPENT, "user", "ada").await, ["s"]);
    clock.advance_seconds(1);
    assert!(!exists(store, &key("s")).await);
    assert!(
        store
            .list(&here(), kinds::SPENT, Page::default())
            .await
            .unwrap()
            .is_empty()
    );
    assert!(store.list_everywhere(kinds::SPENT).await.unwrap().is_empty());
    assert!(found(store, kinds::SPENT, "user", "ada").await.is_empty());
}

pub(crate) async fn expired_record_is_absent_to_the_next_writer(store: &dyn Store, clock: &ManualClock) {
    write(store, session("s", 60).lookup("user", "ada"))
        .await
        .unwrap();
    clock.advance_seconds(60);
    let again = write(store, session("s", 120)).await.unwrap();
    assert_eq!(again.versions, [1]);
    assert!(exists(store, &key("s")).await);
    assert!(found(store, kinds::SPENT, "user", "ada").await.is_empty());
}

pub(crate) async fn expired_record_has_no_version(store: &dyn Store, clock: &ManualClock) {
    write(store, session("s", 60)).await.unwrap();
    clock.advance_seconds(60);
    let stale = put(key("s"), Expect::Version(1));
    assert!(matches!(
        write(store, stale).await,
        Err(StoreError::Conflict { .. })
    ));
    let batch = Batch::new().delete(key("s"), Expect::Version(1));
    assert!(matches!(
        store.commit(batch).await,
        Err(StoreError::Conflict { .. })
    ));
    let batch = Batch::new().delete(key("s"), Expect::Absent);
    store.commit(batch).await.unwrap();
}

pub(crate) async fn expired_record_holds_no_unique_value(store: &dyn Store, clock: &ManualClock) {
    write(store, session("s", 60).unique("code", "123456"))
        .await
        .unwrap();
    let second = || session("t", 120).unique("code", "123456");
    assert!(matches!(
        write(store, second()).await,
        Err(StoreError::Taken { .. })
    ));
    clock.advance_seconds(60);
    write(store, second()).await.unwrap();
    assert_eq!(found(store, kinds::SPENT, "code", "123456").await, ["t"]);
}

pub(crate) async fn later_expiry_keeps_the_record(store: &dyn Store, clock: &ManualClock) {
    write(store, session("s", 60)).await.unwrap();
    let mut longer = session("s", 120);
    longer.expect = Expect::Version(1);
    write(store, longer).await.unwrap();
    clock.advance_seconds(60);
    assert_eq!(store.read(&key("s")).await.unwrap().unwrap().version, 2);
    write(store, put(key("s"), Expect::Version(2))).await.unwrap();
    clock.advance_seconds(3600);
    assert!(exists(store, &key("s")).await);
}

pub(crate) async fn configuration_that_expires_is_refused(store: &dyn Store, _: &ManualClock) {
    let outcome = write(
        store,
        put(api("a"), Expect::Absent).expires(START.plus_seconds(60)),
    )
    .await;
    assert!(matches!(outcome, Err(StoreError::Failed(_))));
    assert!(!exists(store, &api("a")).await);
}
