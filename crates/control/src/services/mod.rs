//! Every service, one line each; each has a folder with one file an operation.

pub mod apigateway;

use crate::operation::Service;

/// The services that are spoken.
pub const ALL: &[&Service] = &[];
