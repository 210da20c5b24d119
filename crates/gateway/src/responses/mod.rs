//! What goes out that no integration said.

pub(crate) mod gateway_responses;
