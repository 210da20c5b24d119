//! `DescribeResourceServer`: what a resource server is.

use serde_json::{Value, json};

use super::{access, resource_server, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DescribeResourceServer",
    route: None,
    access: access::on_pool("cognito-idp:DescribeResourceServer"),
    members: &["UserPoolId", "Identifier"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let identifier = input.required("Identifier", rules::RESOURCE_SERVER);
    input.finish()?;
    let server = call
        .parts
        .identity
        .describe_resource_server(call.scope, pool, identifier)
        .await?;
    Ok(json!({ "ResourceServer": resource_server::describe(&server) }))
}
