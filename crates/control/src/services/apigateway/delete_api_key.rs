//! `DeleteApiKey` deletes an API key and takes it out of its plans.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteApiKey.html>

use serde_json::Value;

use super::{arn, label, plans, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteApiKey",
    route: Some(Route {
        method: "DELETE",
        path: "/apikeys/{api_Key}",
        query: &[],
        status: 202,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/apikeys/{api_Key}"),
    },
    members: &["api_Key"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    plans(call).delete_api_key(label(call, "api_Key")).await?;
    Ok(wire::nothing())
}
