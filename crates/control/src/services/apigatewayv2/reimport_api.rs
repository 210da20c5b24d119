//! `ReimportApi` puts an OpenAPI document in the place of everything that an API has but its stages.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid.html>

use serde_json::Value;

use super::{api, http_apis, input::import_options, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::{
        input::{arn, label},
        records::import::Source,
    },
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "ReimportApi",
    route: Some(Route {
        method: "PUT",
        path: "/v2/apis/{apiId}",
        query: &["basepath", "failOnWarnings"],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:PUT",
        resource: |call| arn(call, "/apis/{apiId}"),
    },
    members: &["apiId", "basepath", "failOnWarnings", "body"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let options = import_options(call)?;
    let source = Source::Text(label(call, "body").as_bytes());
    let imported = http_apis(call).reimport_api(&api(call), source, &options).await?;
    Ok(wire::imported(call, &imported))
}
