//! The layers, in the order of the request. `pipeline.rs` has the list.

pub(crate) mod custom_domain;
pub(crate) mod firewall;
pub(crate) mod client_authority;
pub(crate) mod cors;
pub(crate) mod route;
pub(crate) mod method_arn;
pub(crate) mod endpoint_policy;
pub(crate) mod resource_policy;
pub(crate) mod authorizer;
pub(crate) mod usage_plan;
pub(crate) mod validation;
pub(crate) mod mapping;
pub(crate) mod cache;
