//! `UpdateApiMapping` changes a mapping.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames-domainname-apimappings.html>

use serde_json::Value;

use super::{members, records::changed, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::{
        input::{arn, domains, label},
        records::base_path_mapping::ApiMappingSettings,
    },
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateApiMapping",
    route: Some(Route {
        method: "PATCH",
        path: "/v2/domainnames/{domainName}/apimappings/{apiMappingId}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/domainnames/{domainName}/apimappings/{apiMappingId}"),
    },
    members: &["domainName", "apiMappingId", "apiId", "apiMappingKey", "stage"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (domain, id) = (label(call, "domainName"), label(call, "apiMappingId"));
    let domains = domains(call);
    let present = ApiMappingSettings::of(&domains.api_mapping(domain, id).await?.value);
    let settings = changed(&present, &members(call, &["domainName", "apiMappingId"]))?;
    let made = domains.replace_api_mapping(domain, id, settings).await?;
    Ok(wire::api_mapping(&made))
}
