//! `GetVpcLinks` lists the VPC links.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetVpcLinks.html>

use serde_json::Value;

use super::{apis, arn, wanted, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetVpcLinks",
    route: Some(Route {
        method: "GET",
        path: "/vpclinks",
        query: &["limit", "position"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/vpclinks"),
    },
    members: &["limit", "position"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let listed = apis(call).vpc_links(&wanted(call)?).await?;
    Ok(wire::list(&listed, wire::vpc_link))
}
