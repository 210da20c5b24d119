//! What happens to a request? Listeners, hosts, the pipeline of layers, mapping, integrations, responses.
//!
//! This crate does no storage: it reads a compiled [`snapshot`] and asks the outside through [`ports`].

pub mod edge;
pub mod http;
pub mod ports;
pub mod hosts;
pub mod gateway;
pub mod snapshot;
mod pipeline;
mod exchange;
mod layers;
mod mapping;
mod integrations;
mod responses;
mod refusal;
mod decision;
mod request_id;
pub mod revocations;
pub mod trail;

pub use gateway::{Gateway, GatewayParts, GatewaySettings};

#[cfg(test)]
mod tests;
