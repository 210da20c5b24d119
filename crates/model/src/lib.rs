//! What do we talk about? Ids with account and region, resources, time, randomness, problems, trails.
//!
//! No async, no I/O. Every other crate may use this one; it uses none of ours.

pub mod ids;
pub mod arn;
pub mod scope;
pub mod clock;
pub mod entropy;
pub mod secret;
pub mod problem;
pub mod field_text;
pub mod headers;
pub mod trail;
pub mod resources;

pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use entropy::{Entropy, SystemEntropy};
pub use field_text::{
    FieldName, is_cut_target, is_field_value, is_name, is_token, token_length, value_length,
};
pub use headers::{BadField, HeaderList, Renamed, is_of_connection, is_one_of};
pub use ids::*;
pub use problem::{Place, Problem, Severity};
pub use scope::Scope;
pub use secret::{SecretBytes, SecretText};
