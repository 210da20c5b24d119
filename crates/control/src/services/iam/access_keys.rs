//! Access keys as the operations find and describe them.

use portcullis_model::{AccessKeyId, resources::iam::AccessKey};
use portcullis_store::{
    kinds,
    typed::{self, Versioned},
};
use serde_json::{Value, json};

use super::users;
use crate::{
    credentials,
    operation::{AwsError, Call},
};

/// AWS's quota.
pub(super) const PER_USER_MAX: usize = 2;

pub(super) async fn of_user(call: &Call<'_>, user_name: &str) -> Result<Vec<Versioned<AccessKey>>, AwsError> {
    let user = format!("{}/{user_name}", call.scope.account);
    Ok(typed::find_json(call.parts.store.as_ref(), kinds::ACCESS_KEY, "user", &user).await?)
}

/// Reads the key that a call names, which must belong to the user that it names.
pub(super) async fn read(call: &Call<'_>) -> Result<Versioned<AccessKey>, AwsError> {
    let id = call.text("AccessKeyId").unwrap_or_default();
    let user = users::read(call).await?.value;
    let key = credentials::key(call.scope, &AccessKeyId::from(id));
    typed::read_json::<AccessKey>(call.parts.store.as_ref(), &key)
        .await?
        .filter(|found| found.value.user_name.as_ref() == Some(&user.user_name))
        .ok_or_else(|| {
            AwsError::new(
                "NoSuchEntity",
                404,
                format!("The Access Key with id {id} cannot be found."),
            )
        })
}

pub(super) fn describe(key: &AccessKey) -> Value {
    json!({
        "UserName": key.user_name,
        "AccessKeyId": key.access_key_id,
        "Status": key.status,
        "CreateDate": key.create_date.iso8601(),
    })
}
