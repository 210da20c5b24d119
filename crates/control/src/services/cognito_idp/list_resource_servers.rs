//! `ListResourceServers`: the resource servers of a pool, by page.

use serde_json::Value;

use super::{access, listing, resource_server, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ListResourceServers",
    route: None,
    access: access::on_pool("cognito-idp:ListResourceServers"),
    members: &["UserPoolId", "MaxResults", "NextToken"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let page = listing::page(&mut input, "MaxResults", 1..=50, "NextToken");
    input.finish()?;
    let servers = call
        .parts
        .identity
        .list_resource_servers(call.scope, pool, &page)
        .await?;
    Ok(listing::answer(
        "ResourceServers",
        "NextToken",
        servers,
        resource_server::describe,
    ))
}
