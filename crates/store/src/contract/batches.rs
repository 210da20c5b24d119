//! Expectations, and all or nothing.

use portcullis_model::ManualClock;

use super::*;

fn is_conflict<T>(outcome: &Result<T, StoreError>, expected: &RecordKey) -> bool {
    matches!(outcome, Err(StoreError::Conflict { key }) if *key == expected.to_string())
}

pub(crate) async fn absent_is_refused_when_there_is_a_record(store: &dyn Store, _: &ManualClock) {
    write_new(store, user("ada")).await;
    let outcome = write(store, put(user("ada"), Expect::Absent)).await;
    assert!(is_conflict(&outcome, &user("ada")));
    assert_eq!(store.read(&user("ada")).await.unwrap().unwrap().version, 1);
}

pub(crate) async fn stale_version_is_refused(store: &dyn Store, _: &ManualClock) {
    write_new(store, user("ada")).await;
    write(store, put(user("ada"), Expect::Version(1))).await.unwrap();
    for stale in [0, 1, 3] {
        let outcome = write(store, put(user("ada"), Expect::Version(stale))).await;
        assert!(is_conflict(&outcome, &user("ada")), "{stale}");
    }
}

pub(crate) async fn version_of_an_absent_record_is_refused(store: &dyn Store, _: &ManualClock) {
    for version in [0, 1] {
        let outcome = write(store, put(user("ada"), Expect::Version(version))).await;
        assert!(is_conflict(&outcome, &user("ada")), "{version}");
    }
}

pub(crate) async fn deletion_expects_too(store: &dyn Store, _: &ManualClock) {
    write_new(store, user("ada")).await;
    for expect in [Expect::Absent, Expect::Version(2)] {
        let outcome = store.commit(Batch::new().delete(user("ada"), expect)).await;
        assert!(is_conflict(&outcome, &user("ada")));
    }
    assert!(exists(store, &user("ada")).await);
    let outcome = store
        .commit(Batch::new().delete(user("zoe"), Expect::Version(1)))
        .await;
    assert!(is_conflict(&outcome, &user("zoe")));
}

pub(crate) async fn deleting_nothing_is_fine(store: &dyn Store, _: &ManualClock) {
    let batch = Batch::new()
        .delete(user("ada"), Expect::Anything)
        .delete(user("zoe"), Expect::Absent);
    store.commit(batch).await.unwrap();
}

pub(crate) async fn batch_is_all_or_nothing(store: &dyn Store, _: &ManualClock) {
    write_new(store, user("ada")).await;
    write_new(store, user("old")).await;
    let batch = Batch::new()
        .with(put(user("new"), Expect::Absent).lookup("email", "new@example.com"))
        .delete(user("old"), Expect::Version(1))
        .with(put(user("ada"), Expect::Version(7)));
    assert!(is_conflict(&store.commit(batch).await, &user("ada")));
    assert!(!exists(store, &user("new")).await);
    assert!(exists(store, &user("old")).await);
    assert!(
        found(store, kinds::USER, "email", "new@example.com")
            .await
            .is_empty()
    );
}

pub(crate) async fn conflict_of_one_batch_fails_no_other(store: &dyn Store, _: &ManualClock) {
    write_new(store, user("ada")).await;
    // Polled together, so that a store which groups commits has both in one group.
    let (good, bad, after) = tokio::join!(
        write(store, put(user("good"), Expect::Absent)),
        write(store, put(user("ada"), Expect::Absent)),
        write(store, put(user("after"), Expect::Absent)),
    );
    assert!(good.is_ok() && after.is_ok());
    assert!(is_conflict(&bad, &user("ada")));
    assert!(exists(store, &user("good")).await && exists(store, &user("after")).await);
}

pub(crate) async fn only_one_of_many_writers_wins(store: &dyn Store, _: &ManualClock) {
    write_new(store, user("ada")).await;
    let (a, b, c, d) = tokio::join!(
        write(store, put(user("ada"), Expect::Version(1))),
        write(store, put(user("ada"), Expect::Version(1))),
        write(store, put(user("ada"), Expect::Version(1))),
        write(store, put(user("ada"), Expect::Version(1))),
    );
    let won = [&a, &b, &c, &d]
        .into_iter()
        .filter(|outcome| outcome.is_ok())
        .count();
    assert_eq!(won, 1);
    assert_eq!(store.read(&user("ada")).await.unwrap().unwrap().version, 2);
}

pub(crate) async fn record_twice_in_a_batch_is_refused(store: &dyn Store, _: &ManualClock) {
    write_new(store, user("ada")).await;
    let twice = [
        Batch::new()
            .with(put(user("zoe"), Expect::Anything))
            .with(put(user("zoe"), Expect::Anything)),
        Batch::new()
            .with(put(user("ada"), Expect::Anything))
            .delete(user("ada"), Expect::Anything),
        Batch::new()
            .delete(user("ada"), Expect::Anything)
            .delete(user("ada"), Expect::Anything),
    ];
    for batch in twice {
        let outcome = store.commit(batch).await;
        assert!(matches!(outcome, Err(StoreError::Repeated { .. })));
    }
    assert!(!exists(store, &user("zoe")).await);
    assert_eq!(store.read(&user("ada")).await.unwrap().unwrap().version, 1);
    // The same id in another scope or of another kind is another record.
    let batch = Batch::new()
        .with(put(user("same"), Expect::Absent))
        .with(put(
            RecordKey::new(&elsewhere(), kinds::USER, "same"),
            Expect::Absent,
        ))
        .with(put(api("same"), Expect::Absent));
    store.commit(batch).await.unwrap();
}

pub(crate) async fn empty_batch_is_fine(store: &dyn Store, _: &ManualClock) {
    write_new(store, api("a")).await;
    let committed = store.commit(Batch::new()).await.unwrap();
    assert_eq!(
        committed,
        Committed {
            sequence: 1,
            versions: vec![]
        }
    );
}
