//! `UpdateVpcLink` changes a VPC link's name: the rest stays, as on AWS.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/vpclinks-vpclinkid.html>

use serde_json::Value;

use super::{http_apis, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::{arn, label},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateVpcLink",
    route: Some(Route {
        method: "PATCH",
        path: "/v2/vpclinks/{vpcLinkId}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/vpclinks/{vpcLinkId}"),
    },
    members: &["vpcLinkId", "name"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = call.text("name").unwrap_or_default();
    let made = http_apis(call)
        .rename_vpc_link(label(call, "vpcLinkId"), name)
        .await?;
    Ok(wire::vpc_link(&made))
}
