//! `DescribeUserPoolClient`: what an app client is, its secret included.

use serde_json::{Value, json};

use super::{access, rules, user_pool_client};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DescribeUserPoolClient",
    route: None,
    access: access::on_pool("cognito-idp:DescribeUserPoolClient"),
    members: &["UserPoolId", "ClientId"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let client = input.required("ClientId", rules::CLIENT_ID);
    input.finish()?;
    let client = call
        .parts
        .identity
        .describe_user_pool_client(call.scope, pool, client)
        .await?;
    Ok(json!({ "UserPoolClient": user_pool_client::describe(&client) }))
}
