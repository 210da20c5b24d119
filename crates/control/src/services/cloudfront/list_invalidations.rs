//! `ListInvalidations` returns a page of what is remembered of a distribution's invalidations, the newest first.
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ListInvalidations.html>

use serde_json::{Value, json};

use super::{arn, distributions, label, paging, write};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "ListInvalidations",
    route: Some(Route {
        method: "GET",
        path: "/2020-05-31/distribution/{DistributionId}/invalidation",
        query: &["Marker", "MaxItems"],
        status: 200,
    }),
    access: Access::Signed {
        action: "cloudfront:ListInvalidations",
        resource: arn,
    },
    members: &["DistributionId", "Marker", "MaxItems"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (count, marker) = paging(call)?;
    let all = distributions(call)
        .invalidations(label(call, "DistributionId"))
        .await?;
    let start = match marker {
        None => 0,
        Some(marker) => all
            .iter()
            .position(|one| one.id == marker)
            .map_or(all.len(), |at| at + 1),
    };
    let mut rest = all.iter().skip(start);
    let page: Vec<_> = rest.by_ref().take(count).collect();
    let more = rest.next().is_some();
    let summaries = page
        .iter()
        .map(|one| json!({"Id": one.id, "CreateTime": one.create_time.iso8601(), "Status": "Completed"}));
    let mut list = write::list("InvalidationSummary", summaries);
    if let Some(members) = list.as_object_mut() {
        members.insert("Marker".into(), marker.unwrap_or_default().into());
        members.insert("MaxItems".into(), count.into());
        members.insert("IsTruncated".into(), more.into());
        let last = page.last().filter(|_| more);
        members.insert("NextMarker".into(), last.map(|last| last.id.clone()).into());
    }
    Ok(json!({"InvalidationList": list}))
}
