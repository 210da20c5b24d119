//! `GetAccount` returns what holds for all APIs of an account in a region: its throttle, and what it has set.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetAccount.html>

use serde_json::Value;

use super::{arn, plans};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetAccount",
    route: Some(Route {
        method: "GET",
        path: "/account",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/account"),
    },
    members: &[],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    plans(call).shown_account().await
}
