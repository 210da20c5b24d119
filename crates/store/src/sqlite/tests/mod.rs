//! The contract on a file and in memory, and what only a file can do wrong.

mod crash;
mod files;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use portcullis_model::ManualClock;

use super::SqliteStore;
use crate::contract;

/// A folder that goes with the value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("portcullis-store-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn database(&self) -> PathBuf {
        self.0.join("portcullis.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(contract::start()))
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, clock()).unwrap()
}

mod in_memory {
    use super::*;

    fn store() -> (SqliteStore, Arc<ManualClock>, ()) {
        let clock = clock();
        (SqliteStore::in_memory(clock.clone()).unwrap(), clock, ())
    }

    contract::contract_tests!(store);
}

mod in_a_file {
    use super::*;

    fn store() -> (SqliteStore, Arc<ManualClock>, Folder) {
        let (folder, clock) = (Folder::new(), clock());
        (
            SqliteStore::open(&folder.database(), clock.clone()).unwrap(),
            clock,
            folder,
        )
    }

    contract::contract_tests!(store);
}
