//! API Gateway's control plane for HTTP APIs: <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/operations.html>
//!
//! One file an operation; what they do to the records stands in `records`, which stacks use too. Its calls are signed for
//! `apigateway`, as those of REST APIs: the path tells them apart. WebSocket APIs are refused.

pub mod domain_names;
pub mod records;
mod input;
mod wire;

mod create_api;
mod create_api_mapping;
mod create_authorizer;
mod create_deployment;
mod create_domain_name;
mod create_integration;
mod create_route;
mod create_stage;
mod create_vpc_link;
mod delete_access_log_settings;
mod delete_api;
mod delete_api_mapping;
mod delete_authorizer;
mod delete_cors_configuration;
mod delete_deployment;
mod delete_domain_name;
mod delete_integration;
mod delete_route;
mod delete_route_settings;
mod delete_stage;
mod delete_vpc_link;
mod export_api;
mod get_api;
mod get_api_mapping;
mod get_api_mappings;
mod get_apis;
mod get_authorizer;
mod get_authorizers;
mod get_deployment;
mod get_deployments;
mod get_domain_name;
mod get_domain_names;
mod get_integration;
mod get_integrations;
mod get_route;
mod get_routes;
mod get_stage;
mod get_stages;
mod get_tags;
mod get_vpc_link;
mod get_vpc_links;
mod import_api;
mod reimport_api;
mod tag_resource;
mod untag_resource;
mod update_api;
mod update_api_mapping;
mod update_authorizer;
mod update_deployment;
mod update_domain_name;
mod update_integration;
mod update_route;
mod update_stage;
mod update_vpc_link;

use input::{api, body, http_apis, members, stage, wanted};

use crate::operation::{Operation, Protocol, Service};

/// The service.
pub const SERVICE: Service = Service {
    name: "apigateway",
    protocol: Protocol::RestJson,
    operations: OPERATIONS,
};

/// Every operation.
const OPERATIONS: &[&Operation] = &[
    &create_api::OPERATION,
    &create_api_mapping::OPERATION,
    &create_authorizer::OPERATION,
    &create_deployment::OPERATION,
    &create_domain_name::OPERATION,
    &create_integration::OPERATION,
    &create_route::OPERATION,
    &create_stage::OPERATION,
    &create_vpc_link::OPERATION,
    &delete_access_log_settings::OPERATION,
    &delete_api::OPERATION,
    &delete_api_mapping::OPERATION,
    &delete_authorizer::OPERATION,
    &delete_cors_configuration::OPERATION,
    &delete_deployment::OPERATION,
    &delete_domain_name::OPERATION,
    &delete_integration::OPERATION,
    &delete_route::OPERATION,
    &delete_route_settings::OPERATION,
    &delete_stage::OPERATION,
    &delete_vpc_link::OPERATION,
    &export_api::OPERATION,
    &get_api::OPERATION,
    &get_api_mapping::OPERATION,
    &get_api_mappings::OPERATION,
    &get_apis::OPERATION,
    &get_authorizer::OPERATION,
    &get_authorizers::OPERATION,
    &get_deployment::OPERATION,
    &get_deployments::OPERATION,
    &get_domain_name::OPERATION,
    &get_domain_names::OPERATION,
    &get_integration::OPERATION,
    &get_integrations::OPERATION,
    &get_route::OPERATION,
    &get_routes::OPERATION,
    &get_stage::OPERATION,
    &get_stages::OPERATION,
    &get_tags::OPERATION,
    &get_vpc_link::OPERATION,
    &get_vpc_links::OPERATION,
    &import_api::OPERATION,
    &reimport_api::OPERATION,
    &tag_resource::OPERATION,
    &untag_resource::OPERATION,
    &update_api::OPERATION,
    &update_api_mapping::OPERATION,
    &update_authorizer::OPERATION,
    &update_deployment::OPERATION,
    &update_domain_name::OPERATION,
    &update_integration::OPERATION,
    &update_route::OPERATION,
    &update_stage::OPERATION,
    &update_vpc_link::OPERATION,
];

#[cfg(test)]
mod tests;
