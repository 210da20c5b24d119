//! The resources that a template may have: one file each, with a schema as data and what is done to make, change
//! and delete one. Properties are mapped to the same functions that answer the operations.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-template-resource-type-ref.html>

pub mod acm;
pub mod apigateway;
pub mod cloudfront;
pub mod apigatewayv2;
pub mod cognito;
pub mod iam;
pub mod events;
pub mod lambda;
pub mod secretsmanager;
pub mod wafv2;
mod cors_check;
mod literal;
mod made;
mod openapi_body;
mod properties;

use literal::literal_json;
pub use made::{Made, Maker, Making, StackedResource};
pub use properties::Properties;

use portcullis_engines::cloudformation::ResourceSchema;

/// Every resource type, by service and name.
pub const ALL: &[&dyn StackedResource] = &[
    &acm::certificate::Certificate,
    &apigateway::account::Account,
    &apigateway::api_key::ApiKey,
    &apigateway::authorizer::Authorizer,
    &apigateway::base_path_mapping::BasePathMapping,
    &apigateway::client_certificate::ClientCertificate,
    &apigateway::deployment::Deployment,
    &apigateway::domain_name::DOMAIN_NAME,
    &apigateway::gateway_response::GatewayResponse,
    &apigateway::method::Method,
    &apigateway::model::Model,
    &apigateway::request_validator::RequestValidator,
    &apigateway::resource::Resource,
    &apigateway::rest_api::RestApi,
    &apigateway::stage::Stage,
    &apigateway::usage_plan::UsagePlan,
    &apigateway::usage_plan_key::UsagePlanKey,
    &apigateway::vpc_link::VpcLink,
    &cloudfront::distribution::Distribution,
    &apigatewayv2::api::Api,
    &apigatewayv2::api_mapping::ApiMapping,
    &apigatewayv2::authorizer::Authorizer,
    &apigatewayv2::deployment::Deployment,
    &apigatewayv2::domain_name::DOMAIN_NAME,
    &apigatewayv2::integration::Integration,
    &apigatewayv2::route::Route,
    &apigatewayv2::stage::Stage,
    &apigatewayv2::vpc_link::VpcLink,
    &cognito::user_pool::UserPool,
    &cognito::user_pool_client::UserPoolClient,
    &cognito::user_pool_domain::UserPoolDomain,
    &cognito::user_pool_group::UserPoolGroup,
    &cognito::user_pool_resource_server::UserPoolResourceServer,
    &cognito::user_pool_user::UserPoolUser,
    &cognito::user_pool_user_to_group_attachment::UserPoolUserToGroupAttachment,
    &iam::access_key::AccessKey,
    &iam::group::Group,
    &iam::managed_policy::ManagedPolicy,
    &iam::policy::Policy,
    &iam::role::Role,
    &iam::user::User,
    &iam::user_to_group_addition::UserToGroupAddition,
    &events::api_destination::ApiDestination,
    &events::connection::Connection,
    &events::event_bus::EventBus,
    &events::rule::Rule,
    &lambda::function::Function,
    &lambda::permission::Permission,
    &secretsmanager::secret::Secret,
    &wafv2::ip_set::IpSet,
    &wafv2::regex_pattern_set::RegexPatternSet,
    &wafv2::web_acl::WebAcl,
    &wafv2::web_acl_association::WebAclAssociation,
];

/// Finds a resource by its type.
pub fn find(type_name: &str) -> Option<&'static dyn StackedResource> {
    let mut all = ALL.iter();
    all.find(|resource| resource.schema().type_name == type_name)
        .copied()
}

/// Finds the schema of a resource type.
pub fn schema(type_name: &str) -> Option<&'static ResourceSchema> {
    find(type_name).map(StackedResource::schema)
}
