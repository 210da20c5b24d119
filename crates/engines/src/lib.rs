//! How is X computed? Bytes and values in, values out: no clock, no network, no storage. Every parser of a stranger's
//! bytes is a plain function.

pub mod document;
mod names;
pub mod cloudformation;
pub mod jwt;
pub mod srp;
pub mod sigv4;
pub mod x509;
pub mod iam;
pub mod strict_json;
pub mod canonical_json;
pub mod event_pattern;
pub mod java_pattern;
pub mod vtl;
pub mod json_path;
pub mod json_schema;
pub mod model_template;
pub mod gateway_template;
pub mod openapi;
