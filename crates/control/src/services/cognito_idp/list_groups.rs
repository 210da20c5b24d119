//! `ListGroups`: the groups of a pool, by page.

use serde_json::Value;

use super::{access, group, listing, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ListGroups",
    route: None,
    access: access::on_pool("cognito-idp:ListGroups"),
    members: &["UserPoolId", "Limit", "NextToken"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let page = listing::page(&mut input, "Limit", 0..=60, "NextToken");
    input.finish()?;
    let groups = call.parts.identity.list_groups(call.scope, pool, &page).await?;
    Ok(listing::answer("Groups", "NextToken", groups, group::describe))
}
