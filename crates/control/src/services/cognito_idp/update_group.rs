//! `UpdateGroup`: changes a group.

use serde_json::{Value, json};

use super::{access, group};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "UpdateGroup",
    route: None,
    access: access::on_pool("cognito-idp:UpdateGroup"),
    members: &["GroupName", "UserPoolId", "Description", "RoleArn", "Precedence"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let settings = group::read(&mut input);
    input.finish()?;
    let group = call.parts.identity.update_group(call.scope, settings).await?;
    Ok(json!({ "Group": group::describe(&group) }))
}
