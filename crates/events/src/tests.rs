//! Producers, signatures and ingest over a store in memory.

mod ingest;
pub(crate) mod producer;
mod signatures;
