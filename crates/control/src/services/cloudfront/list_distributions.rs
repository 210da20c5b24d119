//! `ListDistributions` returns a page of the distributions.
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ListDistributions.html>

use serde_json::{Value, json};

use super::{arn, distributions, paging, write};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "ListDistributions",
    route: Some(Route {
        method: "GET",
        path: "/2020-05-31/distribution",
        query: &["Marker", "MaxItems"],
        status: 200,
    }),
    access: Access::Signed {
        action: "cloudfront:ListDistributions",
        resource: arn,
    },
    members: &["Marker", "MaxItems"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (count, marker) = paging(call)?;
    let (found, more) = distributions(call).list(marker, count).await?;
    let account = call.scope.account.as_str();
    let summaries = found.iter().map(|found| write::summary(account, found));
    let last = found.last().filter(|_| more);
    let mut page = write::list("DistributionSummary", summaries);
    if let Some(members) = page.as_object_mut() {
        members.insert("Marker".into(), marker.unwrap_or_default().into());
        members.insert("MaxItems".into(), count.into());
        members.insert("IsTruncated".into(), more.into());
        members.insert(
            "NextMarker".into(),
            last.map(|last| last.distribution.id.clone()).into(),
        );
    }
    Ok(json!({"DistributionList": page}))
}
