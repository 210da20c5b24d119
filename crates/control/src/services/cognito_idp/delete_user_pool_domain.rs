//! `DeleteUserPoolDomain`: takes a pool's prefix away.

use serde_json::{Value, json};

use super::{access, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteUserPoolDomain",
    route: None,
    access: access::on_pool("cognito-idp:DeleteUserPoolDomain"),
    members: &["UserPoolId", "Domain"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let domain = input.required("Domain", rules::DOMAIN);
    input.finish()?;
    call.parts
        .identity
        .delete_user_pool_domain(call.scope, pool, domain)
        .await?;
    Ok(json!({}))
}
