//! `DescribeUserPool`: what a pool is.

use serde_json::{Value, json};

use super::{access, rules, user_pool};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DescribeUserPool",
    route: None,
    access: access::on_pool("cognito-idp:DescribeUserPool"),
    members: &["UserPoolId"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    input.finish()?;
    let pool = call.parts.identity.describe_user_pool(call.scope, pool).await?;
    Ok(json!({ "UserPool": user_pool::describe(call, &pool) }))
}
