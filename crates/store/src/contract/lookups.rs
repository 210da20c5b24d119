//! Finding records by value, and values that only one record may have.

use portcullis_model::ManualClock;

use super::*;

fn mail(id: &str, address: &str, expect: Expect) -> Put {
    put(user(id), expect).unique("email", address)
}

fn is_taken<T>(outcome: &Result<T, StoreError>, expected: &str) -> bool {
    matches!(outcome, Err(StoreError::Taken { name: "email", value }) if value == expected)
}

async fn holder(store: &dyn Store, address: &str) -> Vec<String> {
    found(store, kinds::USER, "email", address).await
}

pub(crate) async fn lookup_finds_records_in_every_scope(store: &dyn Store, _: &ManualClock) {
    let far = RecordKey::new(&elsewhere(), kinds::USER, "zoe");
    write(store, put(user("ada"), Expect::Absent).lookup("team", "red"))
        .await
        .unwrap();
    write(store, put(far.clone(), Expect::Absent).lookup("team", "red"))
        .await
        .unwrap();
    write(store, put(user("bob"), Expect::Absent).lookup("team", "Red"))
        .await
        .unwrap();
    let keys = store.find(kinds::USER, "team", "red").await.unwrap();
    assert_eq!(keys, [user("ada"), far]);
    assert!(found(store, kinds::USER, "group", "red").await.is_empty());
    assert!(found(store, kinds::GROUP, "team", "red").await.is_empty());
}

pub(crate) async fn lookups_are_replaced_by_the_next_write(store: &dyn Store, _: &ManualClock) {
    write(store, mail("ada", "old@example.com", Expect::Absent))
        .await
        .unwrap();
    write(store, mail("ada", "new@example.com", Expect::Version(1)))
        .await
        .unwrap();
    assert!(holder(store, "old@example.com").await.is_empty());
    assert_eq!(holder(store, "new@example.com").await, ["ada"]);
    write(store, put(user("ada"), Expect::Version(2))).await.unwrap();
    assert!(holder(store, "new@example.com").await.is_empty());
}

pub(crate) async fn deletion_takes_lookups_along(store: &dyn Store, _: &ManualClock) {
    write(store, mail("ada", "ada@example.com", Expect::Absent))
        .await
        .unwrap();
    store
        .commit(Batch::new().delete(user("ada"), Expect::Anything))
        .await
        .unwrap();
    assert!(holder(store, "ada@example.com").await.is_empty());
    write(store, mail("zoe", "ada@example.com", Expect::Absent))
        .await
        .unwrap();
    // And the next record of the same name does not inherit them.
    write_new(store, user("ada")).await;
    assert_eq!(holder(store, "ada@example.com").await, ["zoe"]);
}

pub(crate) async fn unique_value_is_refused_to_another_record(store: &dyn Store, _: &ManualClock) {
    write(store, mail("ada", "a@example.com", Expect::Absent))
        .await
        .unwrap();
    assert!(is_taken(
        &write(store, mail("zoe", "a@example.com", Expect::Absent)).await,
        "a@example.com"
    ));
    let far = put(RecordKey::new(&elsewhere(), kinds::USER, "ada"), Expect::Absent);
    assert!(is_taken(
        &write(store, far.unique("email", "a@example.com")).await,
        "a@example.com"
    ));
    assert!(!exists(store, &user("zoe")).await);
    assert_eq!(holder(store, "a@example.com").await, ["ada"]);
}

pub(crate) async fn unique_value_stays_with_its_record(store: &dyn Store, _: &ManualClock) {
    write(store, mail("ada", "a@example.com", Expect::Absent))
        .await
        .unwrap();
    write(store, mail("ada", "a@example.com", Expect::Version(1)))
        .await
        .unwrap();
    assert_eq!(holder(store, "a@example.com").await, ["ada"]);
}

pub(crate) async fn unique_value_passes_on_within_a_batch(store: &dyn Store, _: &ManualClock) {
    write(store, mail("ada", "a@example.com", Expect::Absent))
        .await
        .unwrap();
    let batch = Batch::new()
        .with(mail("zoe", "a@example.com", Expect::Absent))
        .delete(user("ada"), Expect::Version(1));
    store.commit(batch).await.unwrap();
    assert_eq!(holder(store, "a@example.com").await, ["zoe"]);
}

pub(crate) async fn records_of_a_batch_may_swap_unique_values(store: &dyn Store, _: &ManualClock) {
    write(store, mail("ada", "a@example.com", Expect::Absent))
        .await
        .unwrap();
    write(store, mail("zoe", "z@example.com", Expect::Absent))
        .await
        .unwrap();
    let batch = Batch::new()
        .with(mail("ada", "z@example.com", Expect::Version(1)))
        .with(mail("zoe", "a@example.com", Expect::Version(1)));
    store.commit(batch).await.unwrap();
    assert_eq!(holder(store, "a@example.com").await, ["zoe"]);
    assert_eq!(holder(store, "z@example.com").await, ["ada"]);
}

pub(crate) async fn unique_value_within_a_batch_is_refused_to_the_second(store: &dyn Store, _: &ManualClock) {
    let batch = Batch::new()
        .with(mail("ada", "a@example.com", Expect::Absent))
        .with(mail("zoe", "a@example.com", Expect::Absent));
    assert!(is_taken(&store.commit(batch).await, "a@example.com"));
    assert!(!exists(store, &user("ada")).await);
}

pub(crate) async fn unique_values_of_kinds_never_meet(store: &dyn Store, _: &ManualClock) {
    write(store, mail("ada", "a@example.com", Expect::Absent))
        .await
        .unwrap();
    let group = put(RecordKey::new(&here(), kinds::GROUP, "g"), Expect::Absent);
    write(store, group.unique("email", "a@example.com"))
        .await
        .unwrap();
}
