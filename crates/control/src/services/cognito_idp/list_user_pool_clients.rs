//! `ListUserPoolClients`: the app clients of a pool, by page.

use serde_json::Value;

use super::{access, listing, rules, user_pool_client};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ListUserPoolClients",
    route: None,
    access: access::on_pool("cognito-idp:ListUserPoolClients"),
    members: &["UserPoolId", "MaxResults", "NextToken"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let page = listing::page(&mut input, "MaxResults", 1..=60, "NextToken");
    input.finish()?;
    let clients = call
        .parts
        .identity
        .list_user_pool_clients(call.scope, pool, &page)
        .await?;
    Ok(listing::answer(
        "UserPoolClients",
        "NextToken",
        clients,
        user_pool_client::describe_briefly,
    ))
}
