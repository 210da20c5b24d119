//! `AddCustomAttributes`: gives a pool further attributes.

use serde_json::{Value, json};

use super::{access, rules, user_pool};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "AddCustomAttributes",
    route: None,
    access: access::on_pool("cognito-idp:AddCustomAttributes"),
    members: &["UserPoolId", "CustomAttributes"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let attributes = user_pool::read_schema(&mut input, "CustomAttributes");
    input.require("CustomAttributes", !attributes.is_empty());
    input.finish()?;
    call.parts
        .identity
        .add_custom_attributes(call.scope, pool, attributes)
        .await?;
    Ok(json!({}))
}
