//! How does a function run? Behind an HTTP endpoint that speaks the Lambda Invoke API, or in processes of this machine that
//! speak the Lambda Runtime API.
//!
//! Who may invoke it is not asked here: whoever calls has evaluated the function's policy already. Local functions are
//! processes of the server's own user, with limits but without walls: trusted code. What is done about strays is in
//! [`local`].

mod call;
mod endpoints;
mod functions;
pub mod local;
pub mod package;
pub mod ports;
#[cfg(test)]
mod tests;

pub use call::{Answer, Call, Failure, PAYLOAD_BYTES_MAX, unqualified};
pub use endpoints::{EndpointError, Endpoints};
pub use functions::Functions;
