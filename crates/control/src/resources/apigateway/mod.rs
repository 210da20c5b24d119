//! `AWS::ApiGateway::…`: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/AWS_ApiGateway.html>

pub mod account;
pub mod api_key;
pub mod authorizer;
pub mod base_path_mapping;
pub mod client_certificate;
pub mod deployment;
pub mod domain_name;
pub mod gateway_response;
pub mod method;
pub mod model;
pub mod request_validator;
pub mod resource;
pub mod rest_api;
pub mod stage;
pub mod usage_plan;
pub mod usage_plan_key;
pub mod vpc_link;

use portcullis_engines::cloudformation::{Node, ResourceTemplate};
use portcullis_model::{ApiId, Problem};

use super::Properties;
use crate::operation::AwsError;

/// Returns the API that `RestApiId` names.
fn api_of(properties: Properties<'_>) -> ApiId {
    ApiId::from(properties.text_or_empty("RestApiId"))
}

/// Lets a deletion pass when the thing, or the API around it, is gone already.
fn gone_is_fine(result: Result<(), AwsError>) -> Result<(), AwsError> {
    match result {
        Err(error) if error.code == "NotFoundException" => Ok(()),
        other => other,
    }
}

/// Returns a literal property, if it is one.
fn literal<'t>(resource: &'t ResourceTemplate, path: &[&str]) -> Option<(&'t Node, &'t str)> {
    let mut node = &resource.properties;
    for name in path {
        node = node.member(name)?;
    }
    Some((node, node.scalar_text()?))
}

/// Returns an error at a node of a resource.
fn problem_at(node: &Node, logical_id: &str, path: &str, message: impl Into<String>) -> Problem {
    Problem::error(
        Some(node.place),
        format!("Resources/{logical_id}/Properties/{path}"),
        message,
    )
}
