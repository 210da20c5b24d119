//! `DeleteUser`: deletes a user that has neither policies nor groups nor keys.

use portcullis_model::resources::iam::User;
use serde_json::Value;

use super::{entities::entities, holders};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteUser",
    route: None,
    access: holders::on_user("iam:DeleteUser"),
    members: &["UserName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let user = holders::read::<User>(call).await?;
    entities(call).delete_user(&user).await?;
    Ok(Value::Null)
}
