//! `CreateAccessKey`: makes an access key; its secret is shown this once.

use portcullis_store::Expect;
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
    let user = users::read(call).await?;
    let user_name = user.value.user_name.as_str();
    if access_keys::of_user(call, user_name).await?.len() >= access_keys::PER_USER_MAX {
        return Err(AwsError::new(
            "LimitExceeded",
            409,
            "Cannot exceed quota for AccessKeysPerUser: 2",
        ));
    }
    let parts = call.parts;
    let (clock, entropy) = (parts.clock.as_ref(), parts.entropy.as_ref());
    let made = credentials::generate(&parts.vault, clock, entropy, Some(user_name))?;
    // Written with the user, so that a key never outlives a user who is deleted at the same moment, nor does a
    // third key slip in.
    let batch = credentials::put(call.scope, &made.record, Expect::Absent)?;
    let batch = batch.with(users::put(call, &user.value, user.expect())?);
    parts.store.commit(batch).await?;
    let mut described = access_keys::describe(&made.record);
    if let Some(described) = described.as_object_mut() {
        described.insert("SecretAccessKey".into(), made.secret.expose().into());
    }
    Ok(json!({ "AccessKey": described }))
}
