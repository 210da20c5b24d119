//! How does a function run? Behind an HTTP endpoint that speaks the Lambda Invoke API.
//!
//! Who may invoke it is not asked here: whoever calls has evaluated the function's policy already.

mod call;
mod endpoints;
#[cfg(test)]
mod tests;

pub use call::{Answer, Call, Failure, PAYLOAD_BYTES_MAX};
pub use endpoints::{EndpointError, Endpoints};
