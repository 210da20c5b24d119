//! `UpdateVpcLink` changes a VPC link by patch operations.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateVpcLink.html>

use serde_json::Value;

use super::{apis, arn, label, patch, patches, records::vpc_link::VpcLinkSettings, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateVpcLink",
    route: Some(Route {
        method: "PATCH",
        path: "/vpclinks/{vpclink_id}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/vpclinks/{vpclink_id}"),
    },
    members: &["vpclink_id", "patchOperations"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, id) = (apis(call), label(call, "vpclink_id"));
    let present = VpcLinkSettings::of(&apis.vpc_link(id).await?.value);
    let settings = patch::apply(&present, &patches(call)?, patch::VPC_LINK)?;
    Ok(wire::vpc_link(&apis.replace_vpc_link(id, settings).await?))
}
