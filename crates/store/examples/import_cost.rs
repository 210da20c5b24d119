//! What many records of one kind cost to write, in portions of 50,000: `cargo run --release -p portcullis-store --example import_cost`.

#![expect(clippy::print_stdout, reason = "it is there to print")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use portcullis_model::{Scope, SystemClock};
use portcullis_store::{Batch, Expect, Put, RecordKey, SqliteStore, Store, StoreError, kinds};

const PORTIONS: u64 = 20;
const RECORDS_PER_PORTION: u64 = 50_000;

fn main() -> Result<(), StoreError> {
    let folder = std::env::temp_dir().join(format!("portcullis-import-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|cause| StoreError::Failed(cause.to_string()))?;
    let store = SqliteStore::open(&folder.join("store.sqlite"), Arc::new(SystemClock))?;
    let scope = Scope::new("000000000000", "us-east-1");
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for portion in 0..PORTIONS {
        let mut batch = Batch::new();
        for number in portion * RECORDS_PER_PORTION..(portion + 1) * RECORDS_PER_PORTION {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // As an API key: an id in order of time, a value at random, and its place in a plan.
            let id = format!("{number:010}");
            let key = Put::json(
                RecordKey::new(&scope, kinds::API_KEY, id.as_str()),
                &"x".repeat(350),
                Expect::Absent,
            )?;
            let pair = format!("abcdef/{id}");
            let pair = Put::json(
                RecordKey::new(&scope, kinds::USAGE_PLAN_KEY, pair),
                &id,
                Expect::Absent,
            )?;
            batch = batch.with(key.unique("api-key-value", format!("{state:016x}")));
            batch = batch.with(pair.lookup("key", id));
        }
        let begun = Instant::now();
        settled(&store, batch)?;
        print_time(portion, begun.elapsed());
    }
    drop(store);
    std::fs::remove_dir_all(&folder).map_err(|cause| StoreError::Failed(cause.to_string()))
}

fn settled(store: &SqliteStore, batch: Batch) -> Result<(), StoreError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|cause| StoreError::Failed(cause.to_string()))?;
    runtime.block_on(store.commit(batch)).map(drop)
}

fn print_time(portion: u64, time: Duration) {
    println!(
        "up to {:>9}: {:>7.0} ms",
        (portion + 1) * RECORDS_PER_PORTION,
        time.as_secs_f64() * 1e3
    );
}
