//! Patch operations on the settings of a noun:
//! <https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html>
//!
//! Each noun lists the paths that AWS lets a caller patch. The patched settings are checked as new ones are.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::errors::bad_request;
use crate::operation::AwsError;

/// Operations of one request.
const OPERATIONS_MAX: usize = 200;

/// One patch operation.
#[derive(Clone, Debug, Deserialize)]
pub struct PatchOperation {
    pub op: String,
    pub path: String,
    #[serde(default)]
    pub value: Option<String>,
    #[serde(default)]
    pub from: Option<String>,
}

/// How a path's value is kept in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Text,
    Boolean,
    Integer,
    Number,
    /// `/variables/{key}`
    TextMap,
    /// `/requestParameters/{key}`
    BooleanMap,
    /// `/binaryMediaTypes/{item}`
    ListByPath,
    /// `/authorizationScopes` with the item as the value
    ListByValue,
}

/// A path that may be patched: a pointer into the settings and what is there. Maps and lists by path have one
/// segment more.
pub type Patchable = (&'static str, Field);

/// Applies the operations, in order, to the settings.
pub fn apply<S: Serialize + DeserializeOwned>(
    settings: &S,
    operations: &[PatchOperation],
    patchable: &[Patchable],
) -> Result<S, AwsError> {
    if operations.len() > OPERATIONS_MAX {
        return Err(bad_request(format!(
            "At most {OPERATIONS_MAX} patch operations may be given"
        )));
    }
    let broken = |cause: serde_json::Error| bad_request(format!("Invalid patch: {cause}"));
    let mut document = serde_json::to_value(settings).map_err(broken)?;
    for operation in operations {
        apply_one(&mut document, operation, patchable)?;
    }
    serde_json::from_value(document).map_err(broken)
}

fn apply_one(
    document: &mut Value,
    operation: &PatchOperation,
    patchable: &[Patchable],
) -> Result<(), AwsError> {
    let invalid = || {
        let known: Vec<&str> = patchable.iter().map(|(path, _)| *path).collect();
        bad_request(format!(
            "Invalid patch path  '{}' specified for op '{}'. Must be one of: [{}]",
            operation.path,
            operation.op,
            known.join(", ")
        ))
    };
    if operation.from.is_some() || !["add", "replace", "remove"].contains(&operation.op.as_str()) {
        return Err(bad_request(format!(
            "Unsupported patch operation '{}': use add, replace or remove",
            operation.op
        )));
    }
    let (pointer, field, segment) = patchable
        .iter()
        .find_map(|(pointer, field)| matched(pointer, *field, &operation.path))
        .ok_or_else(invalid)?;
    let (parent, name) = pointer.rsplit_once('/').ok_or_else(invalid)?;
    let parent = object_at(document, parent).ok_or_else(invalid)?;
    match field {
        Field::Text | Field::Boolean | Field::Integer | Field::Number => {
            patch_value(parent, name, field, operation)
        }
        Field::TextMap | Field::BooleanMap => {
            let map = parent.entry(name).or_insert_with(|| Map::new().into());
            let map = map.as_object_mut().ok_or_else(invalid)?;
            patch_value(map, &segment.unwrap_or_default(), field, operation)
        }
        Field::ListByPath | Field::ListByValue => {
            let list = parent.entry(name).or_insert_with(|| Value::Array(Vec::new()));
            let list = list.as_array_mut().ok_or_else(invalid)?;
            patch_list(list, segment, operation)
        }
    }
}

/// Returns the entry that `path` falls under, with the segment behind it.
fn matched(pointer: &'static str, field: Field, path: &str) -> Option<(&'static str, Field, Option<String>)> {
    match field {
        Field::TextMap | Field::BooleanMap | Field::ListByPath => {
            let segment = path.strip_prefix(pointer)?.strip_prefix('/')?;
            (!segment.is_empty() && !segment.contains('/')).then(|| {
                (
                    pointer,
                    field,
                    Some(segment.replace("~1", "/").replace("~0", "~")),
                )
            })
        }
        _ => (path == pointer).then_some((pointer, field, None)),
    }
}

fn object_at<'d>(document: &'d mut Value, pointer: &str) -> Option<&'d mut Map<String, Value>> {
    let mut at = document.as_object_mut()?;
    for segment in pointer.split('/').filter(|segment| !segment.is_empty()) {
        at = at
            .entry(segment)
            .or_insert_with(|| Map::new().into())
            .as_object_mut()?;
    }
    Some(at)
}

fn patch_value(
    parent: &mut Map<String, Value>,
    name: &str,
    field: Field,
    operation: &PatchOperation,
) -> Result<(), AwsError> {
    if operation.op == "remove" {
        parent.remove(name);
        return Ok(());
    }
    let text = operation.value.clone().unwrap_or_default();
    let wrong = || {
        bad_request(format!(
            "Invalid patch value '{text}' specified for '{}'",
            operation.path
        ))
    };
    let value = match field {
        Field::Boolean | Field::BooleanMap => match text.to_ascii_lowercase().as_str() {
            "true" => true.into(),
            "false" => false.into(),
            _ => return Err(wrong()),
        },
        Field::Integer => text.parse::<i64>().map_err(|_| wrong())?.into(),
        Field::Number => text.parse::<f64>().map_err(|_| wrong())?.into(),
        _ => Value::from(text),
    };
    parent.insert(name.to_owned(), value);
    Ok(())
}

fn patch_list(
    list: &mut Vec<Value>,
    segment: Option<String>,
    operation: &PatchOperation,
) -> Result<(), AwsError> {
    let item = segment
        .clone()
        .or_else(|| operation.value.clone())
        .unwrap_or_default();
    if item.is_empty() {
        return Err(bad_request(format!(
            "Invalid patch value '' specified for '{}'",
            operation.path
        )));
    }
    let item = Value::from(item);
    match operation.op.as_str() {
        "remove" => list.retain(|other| *other != item),
        // `/endpointConfiguration/types/EDGE` is replaced by its value; a list without a segment by one item.
        "replace" => match (&segment, &operation.value) {
            (Some(_), Some(value)) => {
                for other in list.iter_mut().filter(|other| **other == item) {
                    *other = value.clone().into();
                }
            }
            _ => *list = vec![item],
        },
        _ if list.contains(&item) => {}
        _ => list.push(item),
    }
    Ok(())
}

/// Paths of an API.
pub const REST_API: &[Patchable] = &[
    ("/name", Field::Text),
    ("/description", Field::Text),
    ("/version", Field::Text),
    ("/apiKeySource", Field::Text),
    ("/disableExecuteApiEndpoint", Field::Boolean),
    ("/minimumCompressionSize", Field::Integer),
    ("/policy", Field::Text),
    ("/binaryMediaTypes", Field::ListByPath),
    ("/endpointConfiguration/types", Field::ListByPath),
    ("/endpointConfiguration/vpcEndpointIds", Field::ListByValue),
    ("/endpointConfiguration/ipAddressType", Field::Text),
];
/// Paths of a method.
pub const METHOD: &[Patchable] = &[
    ("/authorizationType", Field::Text),
    ("/authorizerId", Field::Text),
    ("/authorizationScopes", Field::ListByValue),
    ("/apiKeyRequired", Field::Boolean),
    ("/operationName", Field::Text),
    ("/requestValidatorId", Field::Text),
    ("/requestParameters", Field::BooleanMap),
    ("/requestModels", Field::TextMap),
];
/// Paths of a method response.
pub const METHOD_RESPONSE: &[Patchable] = &[
    ("/responseParameters", Field::BooleanMap),
    ("/responseModels", Field::TextMap),
];
/// Paths of an integration.
pub const INTEGRATION: &[Patchable] = &[
    ("/httpMethod", Field::Text),
    ("/uri", Field::Text),
    ("/timeoutInMillis", Field::Integer),
    ("/responseTransferMode", Field::Text),
    ("/passthroughBehavior", Field::Text),
    ("/contentHandling", Field::Text),
    ("/connectionType", Field::Text),
    ("/cacheNamespace", Field::Text),
    ("/cacheKeyParameters", Field::ListByPath),
    ("/connectionId", Field::Text),
    ("/tlsConfig/insecureSkipVerification", Field::Boolean),
    ("/requestParameters", Field::TextMap),
    ("/requestTemplates", Field::TextMap),
];
/// Paths of an integration response.
pub const INTEGRATION_RESPONSE: &[Patchable] = &[
    ("/selectionPattern", Field::Text),
    ("/contentHandling", Field::Text),
    ("/responseParameters", Field::TextMap),
    ("/responseTemplates", Field::TextMap),
];
/// Paths of an authorizer.
pub const AUTHORIZER: &[Patchable] = &[
    ("/name", Field::Text),
    ("/type", Field::Text),
    ("/authType", Field::Text),
    ("/authorizerUri", Field::Text),
    ("/authorizerCredentials", Field::Text),
    ("/identitySource", Field::Text),
    ("/identityValidationExpression", Field::Text),
    ("/authorizerResultTtlInSeconds", Field::Integer),
    ("/providerARNs", Field::ListByValue),
];
/// Paths of a model.
pub const MODEL: &[Patchable] = &[("/description", Field::Text), ("/schema", Field::Text)];
/// Paths of a request validator.
pub const REQUEST_VALIDATOR: &[Patchable] = &[
    ("/name", Field::Text),
    ("/validateRequestBody", Field::Boolean),
    ("/validateRequestParameters", Field::Boolean),
];
/// Paths of a gateway response.
pub const GATEWAY_RESPONSE: &[Patchable] = &[
    ("/statusCode", Field::Text),
    ("/responseParameters", Field::TextMap),
    ("/responseTemplates", Field::TextMap),
];
/// Paths of a VPC link.
pub const VPC_LINK: &[Patchable] = &[("/name", Field::Text), ("/description", Field::Text)];
/// Paths of a client certificate.
pub const CLIENT_CERTIFICATE: &[Patchable] = &[("/description", Field::Text)];
/// Paths of a custom domain name.
pub const DOMAIN_NAME: &[Patchable] = &[
    ("/certificateArn", Field::Text),
    ("/regionalCertificateArn", Field::Text),
    ("/ownershipVerificationCertificateArn", Field::Text),
    ("/securityPolicy", Field::Text),
    ("/endpointAccessMode", Field::Text),
    ("/endpointConfiguration/types", Field::ListByPath),
    ("/endpointConfiguration/ipAddressType", Field::Text),
    ("/mutualTlsAuthentication", Field::Text),
    ("/mutualTlsAuthentication/truststoreUri", Field::Text),
    ("/mutualTlsAuthentication/truststoreVersion", Field::Text),
    ("/routingMode", Field::Text),
];
/// Paths of a base path mapping.
pub const BASE_PATH_MAPPING: &[Patchable] = &[
    ("/basePath", Field::Text),
    ("/restapiId", Field::Text),
    ("/stage", Field::Text),
];
/// Paths of a deployment.
pub const DEPLOYMENT: &[Patchable] = &[("/description", Field::Text)];
/// Paths of a resource.
pub const RESOURCE: &[Patchable] = &[("/parentId", Field::Text), ("/pathPart", Field::Text)];
/// Paths of an API key.
pub const API_KEY: &[Patchable] = &[
    ("/name", Field::Text),
    ("/description", Field::Text),
    ("/customerId", Field::Text),
    ("/enabled", Field::Boolean),
];
/// Paths of a usage plan, but for its stages.
pub const USAGE_PLAN: &[Patchable] = &[
    ("/name", Field::Text),
    ("/description", Field::Text),
    ("/throttle", Field::Text),
    ("/throttle/rateLimit", Field::Number),
    ("/throttle/burstLimit", Field::Integer),
    ("/quota", Field::Text),
    ("/quota/limit", Field::Integer),
    ("/quota/offset", Field::Integer),
    ("/quota/period", Field::Text),
];
/// Paths of a stage.
pub const STAGE: &[Patchable] = &[
    ("/deploymentId", Field::Text),
    ("/description", Field::Text),
    ("/clientCertificateId", Field::Text),
    ("/tracingEnabled", Field::Boolean),
    ("/cacheClusterEnabled", Field::Boolean),
    ("/cacheClusterSize", Field::Text),
    ("/documentationVersion", Field::Text),
    ("/accessLogSettings", Field::Text),
    ("/accessLogSettings/destinationArn", Field::Text),
    ("/accessLogSettings/format", Field::Text),
    ("/variables", Field::TextMap),
];
