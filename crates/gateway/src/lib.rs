//! What happens to a request? Listeners, hosts, the pipeline of layers, mapping, integrations, responses.
//!
//! This crate does no storage: it reads a compiled [`snapshot`] and asks the outside through [`ports`].

pub mod edge;
pub mod http;
