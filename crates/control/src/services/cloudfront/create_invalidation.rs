//! `CreateInvalidation` drops answers that a distribution keeps; when it answers they are gone.
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html>

use serde_json::{Value, json};

use super::{arn, distributions, errors::missing_body, label, tree::Tree, write};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateInvalidation",
    route: Some(Route {
        method: "POST",
        path: "/2020-05-31/distribution/{DistributionId}/invalidation",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "cloudfront:CreateInvalidation",
        resource: arn,
    },
    members: &["DistributionId", "InvalidationBatch"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let distribution = label(call, "DistributionId");
    let batch = call.input.get("InvalidationBatch").ok_or_else(missing_body)?;
    let batch = Tree::of(batch, "")?;
    batch.only(&["CallerReference", "Paths"], &[])?;
    let (invalidation, _) = distributions(call)
        .create_invalidation(
            distribution,
            batch.required("CallerReference")?,
            batch.texts("Paths")?,
        )
        .await?;
    // Again for a repeated call too: the first may have ended between the two.
    call.parts
        .distribution_cache
        .invalidate(distribution, &invalidation.paths);
    let location = format!(
        "https://cloudfront.amazonaws.com/2020-05-31/distribution/{distribution}/invalidation/{}",
        invalidation.id
    );
    Ok(json!({"Location": location, "Invalidation": write::invalidation(&invalidation)}))
}
