//! `UpdateResourceServer`: gives an audience another name and other scopes.

use serde_json::{Value, json};

use super::{access, resource_server};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "UpdateResourceServer",
    route: None,
    access: access::on_pool("cognito-idp:UpdateResourceServer"),
    members: &["UserPoolId", "Identifier", "Name", "Scopes"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let settings = resource_server::read(&mut input);
    input.finish()?;
    let server = call
        .parts
        .identity
        .update_resource_server(call.scope, settings)
        .await?;
    Ok(json!({ "ResourceServer": resource_server::describe(&server) }))
}
