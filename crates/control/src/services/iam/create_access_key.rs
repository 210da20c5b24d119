//! `CreateAccessKey`: makes an access key; its secret is shown this once.

use serde_json::{Value, json};

use super::{access_keys, users};
use crate::{
    credentials,
    operation::{Access, AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "CreateAccessKey",
    route: None,
    access: Access::Signed {
        action: "iam:CreateAccessKey",
        resource: users::arn,
    },
    members: &["UserName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let user = users::read(call).await?.value;
    if access_keys::of_user(call, &user.user_name).await?.len() >= access_keys::PER_USER_MAX {
        return Err(AwsError::new(
            "LimitExceeded",
            409,
            "Cannot exceed quota for AccessKeysPerUser: 2",
        ));
    }
    let parts = call.parts;
    let made = credentials::create(
        parts.store.as_ref(),
        &parts.vault,
        parts.clock.as_ref(),
        parts.entropy.as_ref(),
        call.scope,
        Some(&user.user_name),
    )
    .await?;
    let mut described = access_keys::describe(&made.record);
    if let Some(described) = described.as_object_mut() {
        described.insert("SecretAccessKey".into(), made.secret.expose().into());
    }
    Ok(json!({ "AccessKey": described }))
}
