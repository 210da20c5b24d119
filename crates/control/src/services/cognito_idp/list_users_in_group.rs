//! `ListUsersInGroup`: the users of a group, by page.

use serde_json::Value;

use super::{access, listing, rules, user};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ListUsersInGroup",
    route: None,
    access: access::on_pool("cognito-idp:ListUsersInGroup"),
    members: &["UserPoolId", "GroupName", "Limit", "NextToken"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let group = input.required("GroupName", rules::USERNAME);
    let page = listing::page(&mut input, "Limit", 0..=60, "NextToken");
    input.finish()?;
    let users = call
        .parts
        .identity
        .list_users_in_group(call.scope, pool, group, &page)
        .await?;
    Ok(listing::answer("Users", "NextToken", users, user::describe))
}
