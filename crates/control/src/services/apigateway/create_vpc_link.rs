//! `CreateVpcLink` makes a VPC link.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_CreateVpcLink.html>

use serde_json::Value;

use super::{apis, arn, body, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateVpcLink",
    route: Some(Route {
        method: "POST",
        path: "/vpclinks",
        query: &[],
        status: 202,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/vpclinks"),
    },
    members: &["name", "description", "targetArns", "tags"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    Ok(wire::vpc_link(&apis(call).create_vpc_link(body(call)?).await?))
}
