//! `GetTrail`: every layer's decision about a request, by its id or `last`. Its own calls leave no trail.

use serde_json::Value;

use crate::operation::{Access, AwsError, Call, Operation, Route};

pub(super) const OPERATION: Operation = Operation {
    name: "GetTrail",
    route: Some(Route {
        method: "GET",
        path: "/_portcullis/trails/{requestId}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "portcullis:GetTrail",
        resource: |call| call.arn("portcullis", "trail/*"),
    },
    members: &["requestId"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    // Trails are of all accounts together: only the installation's own account may read them.
    if call.scope.account != call.parts.scope.account {
        return Err(AwsError::new(
            "AccessDeniedException",
            403,
            "trails are read by the installation's own account alone",
        ));
    }
    let trails = &call.parts.trails;
    let found = match call.text("requestId") {
        Some("last") | None => trails.latest(),
        Some(id) => trails.find(id),
    };
    let trail =
        found.ok_or_else(|| AwsError::new("NotFoundException", 404, "no trail of this request is kept"))?;
    serde_json::to_value(trail).map_err(|cause| AwsError::internal(cause.to_string()))
}
