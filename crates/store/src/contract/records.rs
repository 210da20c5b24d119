//! Reading, writing, listing.

use portcullis_model::ManualClock;

use super::*;
use crate::{Page, typed};

pub(crate) async fn absent_record_is_none(store: &dyn Store, _: &ManualClock) {
    assert!(!exists(store, &user("nobody")).await);
    assert_eq!(store.sequence().await.unwrap(), 0);
}

pub(crate) async fn written_record_is_read_with_its_version(store: &dyn Store, _: &ManualClock) {
    let committed = write(store, put(user("ada"), Expect::Absent)).await.unwrap();
    assert_eq!(committed.versions, [1]);
    let record = store.read(&user("ada")).await.unwrap().unwrap();
    assert_eq!(
        (record.key, record.version, record.expires),
        (user("ada"), 1, None)
    );
    assert_eq!(record.body, br#""body""#);
}

pub(crate) async fn versions_count_from_one(store: &dyn Store, _: &ManualClock) {
    write_new(store, user("ada")).await;
    let second = write(store, put(user("ada"), Expect::Version(1))).await.unwrap();
    let third = write(store, put(user("ada"), Expect::Anything)).await.unwrap();
    assert_eq!((second.versions, third.versions), (vec![2], vec![3]));
    assert_eq!(store.read(&user("ada")).await.unwrap().unwrap().version, 3);
}

pub(crate) async fn bodies_are_kept_byte_for_byte(store: &dyn Store, _: &ManualClock) {
    let body: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let batch = Batch::new().put(user("ada"), body.clone(), Expect::Absent);
    store.commit(batch).await.unwrap();
    assert!(store.read(&user("ada")).await.unwrap().unwrap().body == body);
}

pub(crate) async fn deleted_record_is_gone(store: &dyn Store, _: &ManualClock) {
    write_new(store, user("ada")).await;
    let batch = Batch::new().delete(user("ada"), Expect::Version(1));
    store.commit(batch).await.unwrap();
    assert!(!exists(store, &user("ada")).await);
}

pub(crate) async fn record_written_after_deletion_starts_at_one(store: &dyn Store, _: &ManualClock) {
    write_new(store, user("ada")).await;
    write(store, put(user("ada"), Expect::Version(1))).await.unwrap();
    let batch = Batch::new().delete(user("ada"), Expect::Anything);
    store.commit(batch).await.unwrap();
    let again = write(store, put(user("ada"), Expect::Absent)).await.unwrap();
    assert_eq!(again.versions, [1]);
}

pub(crate) async fn scopes_never_meet(store: &dyn Store, _: &ManualClock) {
    write_new(store, user("ada")).await;
    let other_account = Scope::new("222222222222", "us-east-1");
    let other_region = Scope::new("111111111111", "eu-west-1");
    for scope in [other_account, other_region] {
        assert!(!exists(store, &RecordKey::new(&scope, kinds::USER, "ada")).await);
        assert!(
            store
                .list(&scope, kinds::USER, Page::default())
                .await
                .unwrap()
                .is_empty()
        );
        write_new(store, RecordKey::new(&scope, kinds::USER, "ada")).await;
    }
}

pub(crate) async fn kinds_never_meet(store: &dyn Store, _: &ManualClock) {
    write_new(store, user("ada")).await;
    assert!(!exists(store, &RecordKey::new(&here(), kinds::GROUP, "ada")).await);
    assert!(
        store
            .list(&here(), kinds::GROUP, Page::default())
            .await
            .unwrap()
            .is_empty()
    );
}

async fn ids(store: &dyn Store, page: Page) -> Vec<String> {
    let records = store.list(&here(), kinds::USER, page).await.unwrap();
    records.into_iter().map(|record| record.key.id).collect()
}

async fn write_users(store: &dyn Store, names: &[&str]) {
    for name in names {
        write_new(store, user(name)).await;
    }
}

pub(crate) async fn listing_is_ordered_by_the_bytes_of_ids(store: &dyn Store, _: &ManualClock) {
    write_users(store, &["b", "a/2", "é", "B", "a/10", "a"]).await;
    assert_eq!(
        ids(store, Page::default()).await,
        ["B", "a", "a/10", "a/2", "b", "é"]
    );
}

pub(crate) async fn listing_keeps_to_its_prefix(store: &dyn Store, _: &ManualClock) {
    write_users(
        store,
        &[
            "pool",
            "pool/",
            "pool/ada",
            "pool/zoe",
            "pool0",
            "poolx/ada",
            "poo",
        ],
    )
    .await;
    assert_eq!(
        ids(store, Page::all("pool/")).await,
        ["pool/", "pool/ada", "pool/zoe"]
    );
    assert!(ids(store, Page::all("none")).await.is_empty());
}

pub(crate) async fn prefix_is_not_a_pattern(store: &dyn Store, _: &ManualClock) {
    write_users(store, &["a%b", "axb", "a_b", "a'b"]).await;
    assert_eq!(ids(store, Page::all("a%")).await, ["a%b"]);
    assert_eq!(ids(store, Page::all("a_")).await, ["a_b"]);
    assert_eq!(ids(store, Page::all("a'")).await, ["a'b"]);
}

pub(crate) async fn pages_follow_each_other(store: &dyn Store, _: &ManualClock) {
    write_users(store, &["a", "p/1", "p/2", "p/3", "q"]).await;
    let page = |after: Option<&str>, limit| Page {
        prefix: "p/".to_owned(),
        after: after.map(str::to_owned),
        limit,
    };
    assert_eq!(ids(store, page(None, 2)).await, ["p/1", "p/2"]);
    assert_eq!(ids(store, page(Some("p/2"), 2)).await, ["p/3"]);
    assert_eq!(ids(store, page(Some("p/3"), 2)).await, Vec::<String>::new());
    // A place before the prefix, or one that is gone, is a place all the same.
    assert_eq!(ids(store, page(Some("a"), 0)).await, ["p/1", "p/2", "p/3"]);
    assert_eq!(ids(store, page(Some("p/15"), 0)).await, ["p/2", "p/3"]);
}

pub(crate) async fn listing_everywhere_crosses_scopes(store: &dyn Store, _: &ManualClock) {
    write_new(store, RecordKey::new(&elsewhere(), kinds::USER, "a")).await;
    write_users(store, &["b"]).await;
    write_new(store, api("not a user")).await;
    let records = store.list_everywhere(kinds::USER).await.unwrap();
    let keys: Vec<_> = records.into_iter().map(|record| record.key).collect();
    assert_eq!(keys, [user("b"), RecordKey::new(&elsewhere(), kinds::USER, "a")]);
    assert_eq!(store.scopes(kinds::USER).await.unwrap(), [here(), elsewhere()]);
    assert!(store.scopes(kinds::GROUP).await.unwrap().is_empty());
}

pub(crate) async fn all_of_a_kind_come_in_portions_each_once(store: &dyn Store, _: &ManualClock) {
    let mut batch = Batch::new();
    for number in 0..4_001 {
        batch = batch.with(put(user(&format!("{number:05}")), Expect::Absent));
    }
    batch = batch.with(put(
        RecordKey::new(&elsewhere(), kinds::USER, "00007"),
        Expect::Absent,
    ));
    batch = batch.with(put(RecordKey::new(&here(), kinds::GROUP, "g"), Expect::Absent));
    store.commit(batch).await.unwrap();
    let mut seen = Vec::new();
    let read = crate::each_everywhere(store, kinds::USER, |record| {
        seen.push(record.key);
        Ok(())
    });
    read.await.unwrap();
    let all = store.list_everywhere(kinds::USER).await.unwrap();
    let all: Vec<_> = all.into_iter().map(|record| record.key).collect();
    assert_eq!(seen.len(), 4_002);
    assert_eq!(seen, all);
}

pub(crate) async fn typed_values_come_back_with_versions(store: &dyn Store, _: &ManualClock) {
    let batch = Batch::new()
        .put_json(user("ada"), &vec![1, 2], Expect::Absent)
        .unwrap();
    store.commit(batch).await.unwrap();
    let read = typed::read_json::<Vec<u32>>(store, &user("ada"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((read.value.as_slice(), read.version), ([1, 2].as_slice(), 1));
    write(
        store,
        Put::json(user("ada"), &[3], read.expect())
            .unwrap()
            .lookup("sub", "s"),
    )
    .await
    .unwrap();
    let listed = typed::list_json::<Vec<u32>>(store, &here(), kinds::USER, Page::default())
        .await
        .unwrap();
    let found = typed::find_json::<Vec<u32>>(store, kinds::USER, "sub", "s")
        .await
        .unwrap();
    let everywhere = typed::list_everywhere_json::<Vec<u32>>(store, kinds::USER)
        .await
        .unwrap();
    assert_eq!(listed, found);
    assert_eq!(listed, everywhere);
    assert_eq!(
        (listed[0].value.as_slice(), listed[0].version),
        ([3].as_slice(), 2)
    );
}

pub(crate) async fn typed_value_of_another_shape_is_an_error_without_its_body(
    store: &dyn Store,
    _: &ManualClock,
) {
    let batch = Batch::new()
        .put_json(user("ada"), "hunter2", Expect::Absent)
        .unwrap();
    store.commit(batch).await.unwrap();
    let error = typed::read_json::<u32>(store, &user("ada"))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("cognito-user/ada") && !error.contains("hunter2"),
        "{error}"
    );
}
