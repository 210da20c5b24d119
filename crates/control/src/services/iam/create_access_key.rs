//! `CreateAccessKey`: makes an access key; its secret is shown this once.

use portcullis_model::resources::iam::User;
use serde_json::{Value, json};

use super::{access_keys, entities::entities, holders};
use crate::operation::{AwsError, Call, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "CreateAccessKey",
    route: None,
    access: holders::on_user("iam:CreateAccessKey"),
    members: &["UserName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let user = holders::read::<User>(call).await?;
    let made = entities(call).create_key(&call.parts.vault, &user).await?;
    let mut described = access_keys::describe(&made.record);
    if let Some(described) = described.as_object_mut() {
        described.insert("SecretAccessKey".into(), made.secret.expose().into());
    }
    Ok(json!({ "AccessKey": described }))
}
