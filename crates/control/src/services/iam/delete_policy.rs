//! `DeletePolicy`: deletes a managed policy that nothing has.

use serde_json::Value;

use super::{entities::entities, managed};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "DeletePolicy",
    route: None,
    access: managed::on_policy("iam:DeletePolicy"),
    members: &["PolicyArn"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let policy = managed::read(call).await?;
    if policy.value.versions.len() > 1 {
        let message = "This policy has more than one version. Before you delete a policy, you must delete the policy's \
                       versions. The default version is deleted with the policy.";
        return Err(AwsError::new("DeleteConflict", 409, message));
    }
    entities(call).delete_policy(&policy).await?;
    Ok(Value::Null)
}
