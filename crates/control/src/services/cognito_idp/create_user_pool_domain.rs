//! `CreateUserPoolDomain`: gives a pool the prefix under which its token endpoint answers.

use serde_json::{Value, json};

use super::{access, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "CreateUserPoolDomain",
    route: None,
    access: access::on_pool("cognito-idp:CreateUserPoolDomain"),
    members: &["UserPoolId", "Domain", "ManagedLoginVersion"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let domain = input.required("Domain", rules::DOMAIN);
    let version = input.integer("ManagedLoginVersion", 1, 2);
    input.finish()?;
    if version == Some(2) {
        let message =
            "`ManagedLoginVersion` 2 is not supported yet: leave it out, there are no pages to brand";
        return Err(AwsError::new("InvalidParameterException", 400, message));
    }
    call.parts
        .identity
        .create_user_pool_domain(call.scope, pool, domain)
        .await?;
    Ok(json!({ "ManagedLoginVersion": 1 }))
}
