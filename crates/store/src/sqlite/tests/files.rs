//! Schema versions, the lock, the mode, purging, reopening.

use std::{fs::Permissions, os::unix::fs::PermissionsExt, time::Duration};

use portcullis_model::{Clock, Scope, SystemClock};
use rusqlite::Connection;

use super::{Folder, SqliteStore, clock, open};
use crate::{
    Batch, Expect, Put, RecordKey, Store, StoreError, kinds,
    sqlite::{connections::Connections, migrations, purge},
};

fn key(id: &str) -> RecordKey {
    RecordKey::new(&Scope::new("111111111111", "us-east-1"), kinds::SPENT, id)
}

async fn write(store: &SqliteStore, put: Put) {
    store.commit(Batch::new().with(put)).await.unwrap();
}

#[tokio::test]
async fn reopened_store_has_everything_and_goes_on_counting() {
    let folder = Folder::new();
    let api = RecordKey::new(&key("").scope, kinds::REST_API, "a");
    {
        let store = open(&folder.database());
        write(
            &store,
            Put::json(api.clone(), "1", Expect::Absent)
                .unwrap()
                .unique("name", "n"),
        )
        .await;
    }
    let store = open(&folder.database());
    assert_eq!(store.read(&api).await.unwrap().unwrap().version, 1);
    let found = store.find(kinds::REST_API, "name", "n").await.unwrap();
    assert_eq!(found.as_slice(), std::slice::from_ref(&api));
    let batch = Batch::new().delete(api, Expect::Version(1));
    assert_eq!(store.commit(batch).await.unwrap().sequence, 2);
}

#[test]
fn second_store_on_the_same_file_is_refused_until_the_first_ends() {
    let folder = Folder::new();
    let first = open(&folder.database());
    let second = SqliteStore::open(&folder.database(), clock());
    assert!(matches!(second, Err(StoreError::Locked(_))));
    drop(first);
    open(&folder.database());
}

#[test]
fn lock_file_may_lie_elsewhere() {
    let folder = Folder::new();
    let lock = folder.0.join("elsewhere.lock");
    let _first = SqliteStore::open_with_lock(&folder.database(), &lock, clock()).unwrap();
    let other = folder.0.join("other.db");
    assert!(matches!(
        SqliteStore::open_with_lock(&other, &lock, clock()),
        Err(StoreError::Locked(_))
    ));
    assert!(!other.exists());
}

#[test]
fn nobody_else_may_read_the_files() {
    let folder = Folder::new();
    std::fs::write(folder.database(), b"").unwrap();
    std::fs::set_permissions(folder.database(), Permissions::from_mode(0o644)).unwrap();
    let _store = open(&folder.database());
    for entry in std::fs::read_dir(&folder.0).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
}

#[test]
fn newer_schema_is_refused_and_left_alone() {
    let folder = Folder::new();
    drop(open(&folder.database()));
    let newer = migrations::known() + 1;
    let connection = Connection::open(folder.database()).unwrap();
    connection.pragma_update(None, "user_version", newer).unwrap();
    drop(connection);
    let before = std::fs::read(folder.database()).unwrap();
    let refused = SqliteStore::open(&folder.database(), clock());
    assert!(
        matches!(refused, Err(StoreError::Newer { found, known }) if found == newer && known == newer - 1)
    );
    assert_eq!(before, std::fs::read(folder.database()).unwrap());
}

#[tokio::test]
async fn older_schema_is_migrated() {
    let folder = Folder::new();
    // Version 0: a database that somebody made and nobody filled.
    let connection = Connection::open(folder.database()).unwrap();
    connection
        .execute_batch("PRAGMA user_version = 0; VACUUM;")
        .unwrap();
    assert_eq!(migrations::version(&connection).unwrap(), 0);
    drop(connection);
    let store = open(&folder.database());
    write(&store, Put::json(key("a"), "1", Expect::Absent).unwrap()).await;
    drop(store);
    let connection = Connection::open(folder.database()).unwrap();
    assert_eq!(migrations::version(&connection).unwrap(), migrations::known());
}

/// A store as the first schema had it: records of two accounts, one with a hash, a change that was deleted, a log that was longer.
const SCHEMA_1: &str = "
    INSERT INTO records VALUES ('apigateway-api-key', '111111111111', 'us-east-1', 'k2', 3, x'7b7d', NULL);
    INSERT INTO records VALUES ('apigateway-api-key', '111111111111', 'us-east-1', 'k1', 1, x'31', NULL);
    INSERT INTO records VALUES ('apigateway-api-key', '222222222222', 'us-east-1', 'k1', 1, x'32', NULL);
    INSERT INTO records VALUES ('cognito-spent', '111111111111', 'us-east-1', 's', 1, x'33', 99999999999999);
    INSERT INTO lookups VALUES ('apigateway-api-key', 'api-key-value', '0123456789abcdefghijklmnopqrstuvwxyzABCDEFG', '111111111111', 'us-east-1', 'k2', 1);
    INSERT INTO lookups VALUES ('apigateway-api-key', 'api-key-value', 'fedcba9876543210ghijklmnopqrstuvwxyzABCDEFG', '222222222222', 'us-east-1', 'k1', 1);
    INSERT INTO lookups VALUES ('cognito-spent', 'user', 'ada', '111111111111', 'us-east-1', 's', 0);
    INSERT INTO changes VALUES (4, 'apigateway-api-key', '111111111111', 'us-east-1', 'k2');
    INSERT INTO changes VALUES (6, 'apigateway-api-key', '222222222222', 'us-east-1', 'k1');
    INSERT INTO changes VALUES (7, 'apigateway-rest-api', '111111111111', 'us-east-1', 'gone');
    UPDATE sqlite_sequence SET seq = 9;
    PRAGMA user_version = 1;";

#[tokio::test]
async fn store_of_the_first_schema_keeps_everything() {
    let folder = Folder::new();
    let connection = Connection::open(folder.database()).unwrap();
    connection
        .execute_batch(include_str!("../../../migrations/sqlite/0001_records.sql"))
        .unwrap();
    connection.execute_batch(SCHEMA_1).unwrap();
    drop(connection);

    let store = open(&folder.database());
    let of = |account: &str, kind, id: &str| RecordKey::new(&Scope::new(account, "us-east-1"), kind, id);
    let (one, two) = ("111111111111", "222222222222");
    let all = store.list_everywhere(kinds::API_KEY).await.unwrap();
    let told: Vec<_> = all
        .iter()
        .map(|record| (record.key.clone(), record.version, record.body.as_slice()))
        .collect();
    let expected = [
        (of(one, kinds::API_KEY, "k1"), 1, b"1".as_slice()),
        (of(one, kinds::API_KEY, "k2"), 3, b"{}".as_slice()),
        (of(two, kinds::API_KEY, "k1"), 1, b"2".as_slice()),
    ];
    assert_eq!(told, expected);
    let spent = store.read(&of(one, kinds::SPENT, "s")).await.unwrap().unwrap();
    assert_eq!(spent.expires.map(|moment| moment.0), Some(99_999_999_999_999));
    for (kind, name, value, found) in [
        (
            kinds::API_KEY,
            "api-key-value",
            "0123456789abcdef",
            of(one, kinds::API_KEY, "k2"),
        ),
        (
            kinds::API_KEY,
            "api-key-value",
            "fedcba9876543210",
            of(two, kinds::API_KEY, "k1"),
        ),
        (kinds::SPENT, "user", "ada", of(one, kinds::SPENT, "s")),
    ] {
        assert_eq!(store.find(kind, name, value).await.unwrap(), [found]);
    }
    let changes = store.changes_since(4, 10).await.unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|change| (change.sequence, &change.key))
        .collect();
    let expected = [
        (6, &of(two, kinds::API_KEY, "k1")),
        (7, &of(one, kinds::REST_API, "gone")),
    ];
    assert_eq!(told, expected);

    // A value that was unique before is so still, and no sequence comes again.
    let taken = Put::json(of(one, kinds::API_KEY, "k3"), "1", Expect::Absent)
        .unwrap()
        .unique("api-key-value", "fedcba9876543210");
    let refused = store.commit(Batch::new().with(taken)).await;
    assert!(matches!(refused, Err(StoreError::Taken { .. })), "{refused:?}");
    let change = Batch::new().delete(of(one, kinds::API_KEY, "k2"), Expect::Version(3));
    assert_eq!(store.commit(change).await.unwrap().sequence, 10);
    let found = store
        .find(kinds::API_KEY, "api-key-value", "0123456789abcdef")
        .await;
    assert!(found.unwrap().is_empty());
}

#[test]
fn migration_that_fails_leaves_the_old_version() {
    let folder = Folder::new();
    let connection = Connection::open(folder.database()).unwrap();
    // Somebody else's table is in the way of the last statement of the first migration.
    connection.execute_batch("CREATE TABLE changes (x)").unwrap();
    drop(connection);
    assert!(matches!(
        SqliteStore::open(&folder.database(), clock()),
        Err(StoreError::Failed(_))
    ));
    let connection = Connection::open(folder.database()).unwrap();
    assert_eq!(migrations::version(&connection).unwrap(), 0);
    let tables: u32 = connection
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
            (),
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(tables, 1);
}

#[test]
fn file_that_is_no_database_is_refused() {
    let folder = Folder::new();
    std::fs::write(folder.database(), [b'x'; 4096]).unwrap();
    assert!(matches!(
        SqliteStore::open(&folder.database(), clock()),
        Err(StoreError::Failed(_))
    ));
}

#[tokio::test]
async fn expired_records_are_purged_with_their_lookups_in_portions() {
    let folder = Folder::new();
    let clock = clock();
    let expires = clock.now().plus_seconds(1);
    let store = SqliteStore::open(&folder.database(), clock.clone()).unwrap();
    let more_than_a_tick = purge::RECORDS_PER_TICK_MAX + 10;
    let mut batch = Batch::new().with(Put::json(key("kept"), "1", Expect::Absent).unwrap());
    for number in 0..more_than_a_tick {
        let put = Put::json(key(&format!("gone-{number}")), "1", Expect::Absent).unwrap();
        batch = batch.with(put.lookup("user", "ada").expires(expires));
    }
    store.commit(batch).await.unwrap();
    drop(store);
    let connections = Connections::open(&folder.database()).unwrap();
    let tick = |now| purge::purge(&mut connections.writer(), now).unwrap();
    assert_eq!(tick(clock.now()), 0);
    assert_eq!(tick(expires), purge::RECORDS_PER_TICK_MAX);
    assert_eq!(tick(expires), 10);
    assert_eq!(tick(expires), 0);
    let left = |table: &str| -> u32 {
        let sql = format!("SELECT count(*) FROM {table}");
        connections
            .writer()
            .query_row(&sql, (), |row| row.get(0))
            .unwrap()
    };
    assert_eq!((left("records"), left("lookups")), (1, 0));
}

#[tokio::test]
async fn many_writers_share_groups_and_all_is_there() {
    let folder = Folder::new();
    let store =
        std::sync::Arc::new(SqliteStore::open(&folder.database(), std::sync::Arc::new(SystemClock)).unwrap());
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..64 {
        let store = store.clone();
        writers.spawn(async move {
            for number in 0..20 {
                let put = Put::json(key(&format!("{writer}/{number}")), "1", Expect::Absent).unwrap();
                write(&store, put).await;
            }
        });
    }
    tokio::time::timeout(Duration::from_secs(60), writers.join_all())
        .await
        .unwrap();
    assert_eq!(store.list_everywhere(kinds::SPENT).await.unwrap().len(), 64 * 20);
}
