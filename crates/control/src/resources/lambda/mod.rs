//! Resources of AWS Lambda.

pub mod function;
pub mod permission;
