//! `GetVpcLink` returns a VPC link.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetVpcLink.html>

use serde_json::Value;

use super::{apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetVpcLink",
    route: Some(Route {
        method: "GET",
        path: "/vpclinks/{vpclink_id}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/vpclinks/{vpclink_id}"),
    },
    members: &["vpclink_id"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let link = apis(call).vpc_link(label(call, "vpclink_id")).await?;
    Ok(wire::vpc_link(&link.value))
}
