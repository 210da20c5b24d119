//! `ListUsers`: the users of a pool, by page, all or those that a filter names.

use portcullis_identity::directory::ListUsers;
use serde_json::Value;

use super::{access, listing, rules, user};
use crate::{
    input::{Input, Text},
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ListUsers",
    route: None,
    access: access::on_pool("cognito-idp:ListUsers"),
    members: &[
        "UserPoolId",
        "AttributesToGet",
        "Filter",
        "Limit",
        "PaginationToken",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let settings = ListUsers {
        user_pool_id: pool.to_owned(),
        attributes_to_get: input.texts("AttributesToGet", rules::ATTRIBUTE_NAME),
        filter: input.text("Filter", Text::up_to(256)).map(str::to_owned),
        page: listing::page(&mut input, "Limit", 0..=60, "PaginationToken"),
    };
    input.finish()?;
    let users = call.parts.identity.list_users(call.scope, settings).await?;
    Ok(listing::answer("Users", "PaginationToken", users, user::describe))
}
