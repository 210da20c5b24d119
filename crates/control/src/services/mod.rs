//! Every service, one line each; each has a folder with one file an operation.

pub mod apigateway;
pub mod cloudformation;
pub mod cloudfront;
pub mod cognito_idp;
pub mod events;
pub mod iam;
pub mod portcullis;
pub mod secretsmanager;
pub mod sts;

use crate::operation::Service;

/// The services that are spoken.
pub const ALL: &[&Service] = &[
    &apigateway::SERVICE,
    &cloudformation::SERVICE,
    &cloudfront::SERVICE,
    &cognito_idp::SERVICE,
    &events::SERVICE,
    &iam::SERVICE,
    &portcullis::SERVICE,
    &secretsmanager::SERVICE,
    &sts::SERVICE,
];
