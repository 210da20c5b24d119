//! `DeleteDistribution` deletes a distribution that is disabled.
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DeleteDistribution.html>

use serde_json::Value;

use super::{arn, distributions, label};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteDistribution",
    route: Some(Route {
        method: "DELETE",
        path: "/2020-05-31/distribution/{Id}",
        query: &[],
        status: 204,
    }),
    access: Access::Signed {
        action: "cloudfront:DeleteDistribution",
        resource: arn,
    },
    members: &["Id", "IfMatch"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    distributions(call)
        .delete(label(call, "Id"), call.text("IfMatch"))
        .await?;
    Ok(Value::Null)
}
