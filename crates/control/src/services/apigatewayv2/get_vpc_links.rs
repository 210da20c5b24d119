//! `GetVpcLinks` lists the VPC links.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/vpclinks.html>

use serde_json::Value;

use super::{http_apis, wanted, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::arn,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetVpcLinks",
    route: Some(Route {
        method: "GET",
        path: "/v2/vpclinks",
        query: &["maxResults", "nextToken"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/vpclinks"),
    },
    members: &["maxResults", "nextToken"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let listed = http_apis(call).vpc_links(&wanted(call)?).await?;
    Ok(wire::list(&listed, wire::vpc_link))
}
