//! Every service, one line each; each has a folder with one file an operation.

pub mod acm;
pub mod apigateway;
pub mod apigatewayv2;
pub mod cloudformation;
pub mod cloudfront;
pub mod cognito_idp;
pub mod events;
pub mod iam;
pub mod lambda;
pub mod portcullis;
pub mod secretsmanager;
pub mod sts;
pub mod wafv2;

use crate::operation::{Access, Protocol, Service};

/// The services that are spoken.
pub const ALL: &[&Service] = &[
    &acm::SERVICE,
    &apigateway::SERVICE,
    &apigatewayv2::SERVICE,
    &cloudformation::SERVICE,
    &cloudfront::SERVICE,
    &cognito_idp::SERVICE,
    &events::SERVICE,
    &iam::SERVICE,
    &lambda::SERVICE,
    &portcullis::SERVICE,
    &secretsmanager::SERVICE,
    &sts::SERVICE,
    &wafv2::SERVICE,
];

/// Tells whether an integration may call `action` of `service`: a signed operation of a service of JSON 1.1.
pub fn has_action(service: &str, action: &str) -> bool {
    let found = ALL.iter().find(|known| known.name == service);
    found.is_some_and(|service| {
        let speaks_json = matches!(service.protocol, Protocol::Json11 { .. });
        let operation = service.operation(action);
        speaks_json && operation.is_some_and(|operation| !matches!(operation.access, Access::Unsigned))
    })
}
