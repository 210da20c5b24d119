//! What happens to a request? Listeners, hosts, the pipeline of layers, mapping, integrations, responses.
//!
//! This crate does no storage: it reads a compiled [`snapshot`] and asks the outside through [`ports`].

// In the order of the path of a request; below it what every step uses.
pub mod edge;
#[doc(hidden)]
pub mod fuzzing;
pub mod gateway;
pub mod hosts;
pub mod snapshot;
pub mod firewall;
pub mod distribution;
mod arrival;
mod exchange;
mod pipeline;
mod layers;
mod mapping;
mod integrations;
mod execution_log;
mod responses;
pub mod test_invoke;
pub mod stage_cache;
mod access_log;
pub mod trail;
pub mod metrics;
mod api_metrics;

pub mod http;
pub mod issuers;
pub mod challenges;
pub mod client_certificates;
pub mod backend_tls;
pub mod ports;
pub mod revocations;
pub mod usage;
pub mod upstreams;
pub mod vpc_endpoints;
mod worker;
mod callers;
mod decision;
mod in_place;
mod refusal;
mod redirect;
mod settings;
mod request_id;
mod rings;
mod trace_id;

pub use callers::Callers;
pub use exchange::BODY_BYTES_MAX;
pub use gateway::{Gateway, GatewayParts};
pub use settings::GatewaySettings;

#[cfg(test)]
mod tests;
