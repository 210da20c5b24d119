//! The resources of each service, checked. Their written form uses AWS's own spelling of the fields, so that
//! the service's wire shapes and our records agree.

pub mod acm;
pub mod apigateway;
pub mod apigatewayv2;
pub mod usage_plans;
pub mod cognito;
pub mod iam;
pub mod cloudformation;
pub mod events;
pub mod custom_domains;
pub mod lambda;
pub mod vpc_links;
pub mod wafv2;
pub mod cloudfront;
