//! `AWS::ApiGatewayV2::…`: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/AWS_ApiGatewayV2.html>

pub mod api;
pub mod api_mapping;
pub mod authorizer;
pub mod deployment;
pub mod domain_name;
pub mod integration;
pub mod route;
pub mod stage;
pub mod vpc_link;

use std::collections::BTreeMap;

use portcullis_model::ApiId;
use serde_json::{Map, Value};

use super::{Maker, Properties};
use crate::{operation::AwsError, services::apigatewayv2::records::HttpApis};

/// Returns the HTTP APIs as the resource sees them.
fn http_apis<'a>(maker: &Maker<'a>) -> HttpApis<'a> {
    HttpApis(maker.apis())
}

/// Returns the API that `ApiId` names.
fn api_of(properties: Properties<'_>) -> ApiId {
    ApiId::from(properties.text_or_empty("ApiId"))
}

/// Lets a deletion pass when the thing, or the API around it, is gone already.
fn gone_is_fine(result: Result<(), AwsError>) -> Result<(), AwsError> {
    match result {
        Err(error) if error.code == "NotFoundException" => Ok(()),
        other => other,
    }
}

/// Returns an object with the names of its members as the operations have them: `AllowOrigins` is `allowOrigins`.
fn camel_case(object: Properties<'_>, names: &[&str]) -> Value {
    let member = |name: &&str| {
        let value = object.value(name)?.clone();
        let mut letters = name.chars();
        let first = letters.next()?.to_ascii_lowercase();
        Some((format!("{first}{}", letters.as_str()), value))
    };
    names.iter().filter_map(member).collect::<Map<_, _>>().into()
}

/// Returns an object of texts; empty where there is none.
fn texts_by_name(properties: Properties<'_>, name: &str) -> BTreeMap<String, String> {
    let entries = properties
        .value(name)
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    entries
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}
