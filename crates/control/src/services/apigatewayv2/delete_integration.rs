//! `DeleteIntegration` deletes an integration.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-integrations-integrationid.html>

use serde_json::Value;

use super::{api, http_apis, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::{arn, label},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteIntegration",
    route: Some(Route {
        method: "DELETE",
        path: "/v2/apis/{apiId}/integrations/{integrationId}",
        query: &[],
        status: 204,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/apis/{apiId}/integrations/{integrationId}"),
    },
    members: &["apiId", "integrationId"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    http_apis(call)
        .delete_integration(&api(call), label(call, "integrationId"))
        .await?;
    Ok(wire::nothing())
}
