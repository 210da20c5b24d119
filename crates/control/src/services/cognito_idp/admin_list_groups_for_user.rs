//! `AdminListGroupsForUser`: the groups of a user, by page.

use serde_json::Value;

use super::{access, group, listing, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "AdminListGroupsForUser",
    route: None,
    access: access::on_pool("cognito-idp:AdminListGroupsForUser"),
    members: &["UserPoolId", "Username", "Limit", "NextToken"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let username = input.required("Username", rules::USERNAME);
    let page = listing::page(&mut input, "Limit", 0..=60, "NextToken");
    input.finish()?;
    let identity = &call.parts.identity;
    let groups = identity
        .admin_list_groups_for_user(call.scope, pool, username, &page)
        .await?;
    Ok(listing::answer("Groups", "NextToken", groups, group::describe))
}
