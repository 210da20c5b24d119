//! Every service, one line each; each has a folder with one file an operation.

use crate::operation::Service;

/// The services that are spoken.
pub const ALL: &[&Service] = &[];
