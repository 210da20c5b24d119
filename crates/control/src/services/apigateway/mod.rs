//! API Gateway's control plane for REST APIs: <https://docs.aws.amazon.com/apigateway/latest/api/API_Operations.html>
//!
//! One file an operation; what they do to the records stands in `records`, which stacks use too. Labels of paths and
//! members have the names that they have on the wire (`restapi_id`; an integration's own method is `httpMethod`).

pub mod errors;
pub mod patch;
pub mod records;
pub(in crate::services) mod input;
pub(in crate::services) mod tagging;
pub(in crate::services) mod wire;

mod create_api_key;
mod create_authorizer;
mod create_base_path_mapping;
mod create_deployment;
mod create_domain_name;
mod create_model;
mod create_request_validator;
mod create_resource;
mod create_rest_api;
mod create_stage;
mod create_usage_plan;
mod create_usage_plan_key;
mod create_vpc_link;
mod delete_api_key;
mod delete_authorizer;
mod delete_base_path_mapping;
mod delete_client_certificate;
mod delete_deployment;
mod delete_domain_name;
mod delete_gateway_response;
mod delete_integration;
mod delete_integration_response;
mod delete_method;
mod delete_method_response;
mod delete_model;
mod delete_request_validator;
mod delete_resource;
mod delete_rest_api;
mod delete_stage;
mod delete_usage_plan;
mod delete_usage_plan_key;
mod flush_stage_authorizers_cache;
mod flush_stage_cache;
mod generate_client_certificate;
mod delete_vpc_link;
mod get_account;
mod get_api_key;
mod get_api_keys;
mod get_authorizer;
mod get_authorizers;
mod get_base_path_mapping;
mod get_base_path_mappings;
mod get_client_certificate;
mod get_client_certificates;
mod get_deployment;
mod get_deployments;
mod get_domain_name;
mod get_domain_names;
mod get_export;
mod get_gateway_response;
mod get_gateway_responses;
mod get_integration;
mod get_integration_response;
mod get_method;
mod get_method_response;
mod get_model;
mod get_model_template;
mod get_models;
mod get_request_validator;
mod get_request_validators;
mod get_resource;
mod get_resources;
mod get_rest_api;
mod get_rest_apis;
mod get_stage;
mod get_stages;
mod get_tags;
mod get_usage;
mod get_usage_plan;
mod get_usage_plan_key;
mod get_usage_plan_keys;
mod get_usage_plans;
mod get_vpc_link;
mod get_vpc_links;
mod import_api_keys;
mod import_rest_api;
mod put_gateway_response;
mod put_integration;
mod put_integration_response;
mod put_method;
mod put_method_response;
mod put_rest_api;
mod tag_resource;
mod test_invoke_authorizer;
mod test_invoke_method;
mod untag_resource;
mod update_account;
mod update_api_key;
mod update_authorizer;
mod update_base_path_mapping;
mod update_client_certificate;
mod update_deployment;
mod update_domain_name;
mod update_gateway_response;
mod update_integration;
mod update_integration_response;
mod update_method;
mod update_method_response;
mod update_model;
mod update_request_validator;
mod update_resource;
mod update_rest_api;
mod update_stage;
mod update_usage;
mod update_usage_plan;
mod update_vpc_link;

use input::{
    api, apis, arn, body, body_without, client_certificates, domains, embeds, is_on, label, method_key,
    numbered, patches, plans, wanted,
};

use crate::operation::{Operation, Protocol, Service};

/// The service.
pub const SERVICE: Service = Service {
    name: "apigateway",
    protocol: Protocol::RestJson,
    operations: OPERATIONS,
};

/// Every operation.
const OPERATIONS: &[&Operation] = &[
    &create_api_key::OPERATION,
    &create_authorizer::OPERATION,
    &create_base_path_mapping::OPERATION,
    &create_deployment::OPERATION,
    &create_domain_name::OPERATION,
    &create_model::OPERATION,
    &create_request_validator::OPERATION,
    &create_resource::OPERATION,
    &create_rest_api::OPERATION,
    &create_stage::OPERATION,
    &create_usage_plan::OPERATION,
    &create_usage_plan_key::OPERATION,
    &create_vpc_link::OPERATION,
    &delete_api_key::OPERATION,
    &delete_authorizer::OPERATION,
    &delete_base_path_mapping::OPERATION,
    &delete_client_certificate::OPERATION,
    &delete_deployment::OPERATION,
    &delete_domain_name::OPERATION,
    &delete_gateway_response::OPERATION,
    &delete_integration::OPERATION,
    &delete_integration_response::OPERATION,
    &delete_method::OPERATION,
    &delete_method_response::OPERATION,
    &delete_model::OPERATION,
    &delete_request_validator::OPERATION,
    &delete_resource::OPERATION,
    &delete_rest_api::OPERATION,
    &delete_stage::OPERATION,
    &delete_usage_plan::OPERATION,
    &delete_usage_plan_key::OPERATION,
    &flush_stage_authorizers_cache::OPERATION,
    &flush_stage_cache::OPERATION,
    &generate_client_certificate::OPERATION,
    &delete_vpc_link::OPERATION,
    &get_account::OPERATION,
    &get_api_key::OPERATION,
    &get_api_keys::OPERATION,
    &get_authorizer::OPERATION,
    &get_authorizers::OPERATION,
    &get_base_path_mapping::OPERATION,
    &get_base_path_mappings::OPERATION,
    &get_client_certificate::OPERATION,
    &get_client_certificates::OPERATION,
    &get_deployment::OPERATION,
    &get_deployments::OPERATION,
    &get_domain_name::OPERATION,
    &get_domain_names::OPERATION,
    &get_export::OPERATION,
    &get_gateway_response::OPERATION,
    &get_gateway_responses::OPERATION,
    &get_integration::OPERATION,
    &get_integration_response::OPERATION,
    &get_method::OPERATION,
    &get_method_response::OPERATION,
    &get_model::OPERATION,
    &get_model_template::OPERATION,
    &get_models::OPERATION,
    &get_request_validator::OPERATION,
    &get_request_validators::OPERATION,
    &get_resource::OPERATION,
    &get_resources::OPERATION,
    &get_rest_api::OPERATION,
    &get_rest_apis::OPERATION,
    &get_stage::OPERATION,
    &get_stages::OPERATION,
    &get_tags::OPERATION,
    &get_usage::OPERATION,
    &get_usage_plan::OPERATION,
    &get_usage_plan_key::OPERATION,
    &get_usage_plan_keys::OPERATION,
    &get_usage_plans::OPERATION,
    &get_vpc_link::OPERATION,
    &get_vpc_links::OPERATION,
    &import_api_keys::OPERATION,
    &import_rest_api::OPERATION,
    &put_gateway_response::OPERATION,
    &put_integration::OPERATION,
    &put_integration_response::OPERATION,
    &put_method::OPERATION,
    &put_method_response::OPERATION,
    &put_rest_api::OPERATION,
    &tag_resource::OPERATION,
    &test_invoke_authorizer::OPERATION,
    &test_invoke_method::OPERATION,
    &untag_resource::OPERATION,
    &update_account::OPERATION,
    &update_api_key::OPERATION,
    &update_authorizer::OPERATION,
    &update_base_path_mapping::OPERATION,
    &update_client_certificate::OPERATION,
    &update_deployment::OPERATION,
    &update_domain_name::OPERATION,
    &update_gateway_response::OPERATION,
    &update_integration::OPERATION,
    &update_integration_response::OPERATION,
    &update_method::OPERATION,
    &update_method_response::OPERATION,
    &update_model::OPERATION,
    &update_request_validator::OPERATION,
    &update_resource::OPERATION,
    &update_rest_api::OPERATION,
    &update_stage::OPERATION,
    &update_usage::OPERATION,
    &update_usage_plan::OPERATION,
    &update_vpc_link::OPERATION,
];

#[cfg(test)]
mod tests;
