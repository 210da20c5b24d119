//! `GetGroup`: what a group is.

use serde_json::{Value, json};

use super::{access, group, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "GetGroup",
    route: None,
    access: access::on_pool("cognito-idp:GetGroup"),
    members: &["UserPoolId", "GroupName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let group = input.required("GroupName", rules::USERNAME);
    input.finish()?;
    let group = call.parts.identity.get_group(call.scope, pool, group).await?;
    Ok(json!({ "Group": group::describe(&group) }))
}
