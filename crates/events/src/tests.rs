//! Producers, signatures and ingest over a store in memory.

mod ingest;
mod producer;
mod signatures;
