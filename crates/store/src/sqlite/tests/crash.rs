//! `kill -9` in the middle of writing: what was acknowledged is there, and no batch is there by half.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    sync::Arc,
};

use portcullis_model::{Scope, SystemClock};

use super::{Folder, SqliteStore, open};
use crate::{Batch, Expect, Put, RecordKey, Store, kinds};

const DATABASE: &str = "PORTCULLIS_TEST_CRASH_DATABASE";
const WRITERS: u32 = 8;
const ACKNOWLEDGED_BEFORE_KILL: usize = 300;

fn pair(id: &str) -> [RecordKey; 2] {
    let scope = Scope::new("111111111111", "us-east-1");
    [kinds::USER, kinds::REST_API].map(|kind| RecordKey::new(&scope, kind, id))
}

#[test]
fn acknowledged_writes_survive_kill_9() {
    let folder = Folder::new();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "sqlite::tests::crash::writes_until_killed",
            "--nocapture",
            "--include-ignored",
        ])
        .env(DATABASE, folder.database())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    while let Some(Ok(line)) = lines.next() {
        // The test runner prints lines of its own.
        if let Some(id) = line.split("acknowledged ").nth(1) {
            acknowledged.push(id.to_owned());
        }
        if acknowledged.len() == ACKNOWLEDGED_BEFORE_KILL {
            // SIGKILL.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(
        acknowledged.len() >= ACKNOWLEDGED_BEFORE_KILL,
        "{} acknowledged",
        acknowledged.len()
    );
    let store = open(&folder.database());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for id in &acknowledged {
            for key in pair(id) {
                assert!(
                    store.read(&key).await.unwrap().is_some(),
                    "{key} was acknowledged"
                );
            }
        }
        let [users, apis] = [kinds::USER, kinds::REST_API].map(|kind| store.list_everywhere(kind));
        let (users, apis) = (users.await.unwrap(), apis.await.unwrap());
        let ids = |records: Vec<crate::Record>| -> Vec<String> {
            records.into_iter().map(|record| record.key.id).collect()
        };
        assert_eq!(ids(users), ids(apis), "a batch is there by half");
        assert!(store.sequence().await.unwrap() >= acknowledged.len() as u64);
    });
}

/// The child of the test above; alone it does nothing.
#[test]
#[ignore = "writes until it is killed; started by `acknowledged_writes_survive_kill_9`"]
fn writes_until_killed() {
    let Some(path) = std::env::var_os(DATABASE) else {
        return;
    };
    let store = Arc::new(SqliteStore::open(path.as_ref(), Arc::new(SystemClock)).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..WRITERS {
            let store = store.clone();
            writers.spawn(async move {
                for number in 0u32.. {
                    let id = format!("{writer}-{number}");
                    let [user, api] = pair(&id);
                    let batch = Batch::new()
                        .with(
                            Put::json(user, &id, Expect::Absent)
                                .unwrap()
                                .unique("sub", id.as_str()),
                        )
                        .with(Put::json(api, &id, Expect::Absent).unwrap());
                    store.commit(batch).await.unwrap();
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "acknowledged {id}").unwrap();
                    out.flush().unwrap();
                }
            });
        }
        writers.join_all().await;
    });
}
