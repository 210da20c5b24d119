//! API Gateway's control plane for REST APIs: <https://docs.aws.amazon.com/apigateway/latest/api/API_Operations.html>
//!
//! One file an operation; what they do to the records stands in `records`, which stacks use too.

pub mod errors;
pub mod patch;
pub mod records;
