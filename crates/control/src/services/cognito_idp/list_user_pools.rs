//! `ListUserPools`: the pools of the account, by page.

use serde_json::Value;

use super::{access, listing, user_pool};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ListUserPools",
    route: None,
    access: access::everywhere("cognito-idp:ListUserPools"),
    members: &["MaxResults", "NextToken"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    input.require("MaxResults", input.value("MaxResults").is_some());
    let page = listing::page(&mut input, "MaxResults", 1..=60, "NextToken");
    input.finish()?;
    let pools = call.parts.identity.list_user_pools(call.scope, &page).await?;
    Ok(listing::answer(
        "UserPools",
        "NextToken",
        pools,
        user_pool::describe_briefly,
    ))
}
