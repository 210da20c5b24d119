//! `DeleteVpcLink` deletes a VPC link that no integration uses.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/vpclinks-vpclinkid.html>

use serde_json::Value;

use super::{http_apis, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::{arn, label},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteVpcLink",
    route: Some(Route {
        method: "DELETE",
        path: "/v2/vpclinks/{vpcLinkId}",
        query: &[],
        status: 202,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/vpclinks/{vpcLinkId}"),
    },
    members: &["vpcLinkId"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    http_apis(call).delete_vpc_link(label(call, "vpcLinkId")).await?;
    Ok(wire::nothing())
}
