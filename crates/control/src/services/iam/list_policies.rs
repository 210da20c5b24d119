//! `ListPolicies`: lists the account's managed policies, paged; AWS's own are not listed.

use portcullis_model::resources::iam::ManagedPolicy;
use portcullis_store::{kinds, typed};
use serde_json::{Value, json};

use super::{managed, users};
use crate::operation::{Access, AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "ListPolicies",
    route: None,
    access: Access::Signed {
        action: "iam:ListPolicies",
        resource: managed::all,
    },
    members: &["Scope", "OnlyAttached", "PathPrefix", "Marker", "MaxItems"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    if call.text("Scope") != Some("Local") {
        // AWS has more than a thousand of its own, and only a few are known here: a list of those would be wrong.
        let message = "only `Scope=Local` is supported: AWS's own policies are not listed";
        return Err(AwsError::validation(message));
    }
    let below = call.text("PathPrefix").unwrap_or("/");
    let only_attached = call.text("OnlyAttached") == Some("true");
    let (page, limit) = users::page(call)?;
    let store = call.parts.store.as_ref();
    let mut found = typed::list_json::<ManagedPolicy>(store, call.scope, kinds::IAM_POLICY, page).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let marker = found
        .last()
        .filter(|_| more)
        .map(|last| last.value.policy_name.clone());
    let mut described = Vec::with_capacity(found.len());
    for policy in found.iter().filter(|found| found.value.path.starts_with(below)) {
        let arn = policy.value.arn(call.scope.account.as_str());
        let policy = managed::describe(call, &policy.value, &arn).await?;
        if !only_attached || policy.get("AttachmentCount").and_then(Value::as_u64) > Some(0) {
            described.push(policy);
        }
    }
    Ok(json!({ "Policies": described, "IsTruncated": more, "Marker": marker }))
}
