//! `GetVpcLink` tells of a VPC link.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/vpclinks-vpclinkid.html>

use serde_json::Value;

use super::{http_apis, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::{arn, label},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetVpcLink",
    route: Some(Route {
        method: "GET",
        path: "/v2/vpclinks/{vpcLinkId}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/vpclinks/{vpcLinkId}"),
    },
    members: &["vpcLinkId"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let kept = http_apis(call).vpc_link(label(call, "vpcLinkId")).await?;
    Ok(wire::vpc_link(&kept.value))
}
