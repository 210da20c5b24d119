//! `CreateVpcLink` makes a VPC link.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/vpclinks.html>

use serde_json::Value;

use super::{body, http_apis, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::arn,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateVpcLink",
    route: Some(Route {
        method: "POST",
        path: "/v2/vpclinks",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/vpclinks"),
    },
    members: &["name", "securityGroupIds", "subnetIds", "tags"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let made = http_apis(call).create_vpc_link(body(call, &[])?).await?;
    Ok(wire::vpc_link(&made))
}
