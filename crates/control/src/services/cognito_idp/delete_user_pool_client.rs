//! `DeleteUserPoolClient`: deletes an app client.

use serde_json::{Value, json};

use super::{access, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteUserPoolClient",
    route: None,
    access: access::on_pool("cognito-idp:DeleteUserPoolClient"),
    members: &["UserPoolId", "ClientId"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let client = input.required("ClientId", rules::CLIENT_ID);
    input.finish()?;
    call.parts
        .identity
        .delete_user_pool_client(call.scope, pool, client)
        .await?;
    Ok(json!({}))
}
