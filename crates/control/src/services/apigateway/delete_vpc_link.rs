//! `DeleteVpcLink` deletes a VPC link that no method uses.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteVpcLink.html>

use serde_json::Value;

use super::{apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteVpcLink",
    route: Some(Route {
        method: "DELETE",
        path: "/vpclinks/{vpclink_id}",
        query: &[],
        status: 202,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/vpclinks/{vpclink_id}"),
    },
    members: &["vpclink_id"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    apis(call).delete_vpc_link(label(call, "vpclink_id")).await?;
    Ok(wire::nothing())
}
