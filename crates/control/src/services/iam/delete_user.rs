//! `DeleteUser`: deletes a user that has neither policies nor keys.

use portcullis_store::Batch;
use serde_json::Value;

use super::{access_keys, users};
use crate::operation::{Access, AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteUser",
    route: None,
    access: Access::Signed {
        action: "iam:DeleteUser",
        resource: users::arn,
    },
    members: &["UserName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let user = users::read(call).await?;
    if !user.value.policies.is_empty() {
        return Err(AwsError::new(
            "DeleteConflict",
            409,
            "Cannot delete entity, must delete policies first.",
        ));
    }
    if !access_keys::of_user(call, &user.value.user_name)
        .await?
        .is_empty()
    {
        return Err(AwsError::new(
            "DeleteConflict",
            409,
            "Cannot delete entity, must delete access keys first.",
        ));
    }
    call.parts
        .store
        .commit(Batch::new().delete(user.key.clone(), user.expect()))
        .await?;
    Ok(Value::Null)
}
