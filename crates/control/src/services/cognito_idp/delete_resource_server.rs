//! `DeleteResourceServer`: deletes a resource server.

use serde_json::{Value, json};

use super::{access, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteResourceServer",
    route: None,
    access: access::on_pool("cognito-idp:DeleteResourceServer"),
    members: &["UserPoolId", "Identifier"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let identifier = input.required("Identifier", rules::RESOURCE_SERVER);
    input.finish()?;
    call.parts
        .identity
        .delete_resource_server(call.scope, pool, identifier)
        .await?;
    Ok(json!({}))
}
