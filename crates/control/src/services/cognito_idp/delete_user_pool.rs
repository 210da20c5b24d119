//! `DeleteUserPool`: deletes a pool with everything in it.

use serde_json::{Value, json};

use super::{access, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteUserPool",
    route: None,
    access: access::on_pool("cognito-idp:DeleteUserPool"),
    members: &["UserPoolId"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    input.finish()?;
    call.parts.identity.delete_user_pool(call.scope, pool).await?;
    Ok(json!({}))
}
