//! Tests of the whole crate through its interface.

mod mutations;
mod web_acl;
