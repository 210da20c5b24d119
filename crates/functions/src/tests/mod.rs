//! What functions do, seen through the crate's own interface.

mod endpoints;
mod local;
mod package;
