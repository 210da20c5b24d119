//! Users as the operations read, write and describe them.

use portcullis_model::resources::iam::User;
use portcullis_store::{
    Batch, Page, RecordKey, kinds,
    typed::{self, Versioned},
};
use serde_json::{Value, json};

use crate::operation::{AwsError, Call, Caller};

/// Items of one page when the caller does not say.
const PAGE_ITEMS: usize = 100;

/// Returns the ARN of the user that a call names; of all users when it names none.
pub(super) fn arn(call: &Call<'_>) -> String {
    format!(
        "arn:aws:iam::{}:user/{}",
        call.scope.account,
        call.text("UserName").unwrap_or("*")
    )
}

/// Returns a name of the input: 1 to 64 of `[A-Za-z0-9+=,.@_-]` (128 for policies).
pub(super) fn name<'a>(call: &'a Call<'_>, member: &str) -> Result<&'a str, AwsError> {
    let name = call.text(member).unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    if name.is_empty() || name.len() > 128 || !name.bytes().all(plain) {
        return Err(AwsError::validation(format!(
            "The specified value for {member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
        )));
    }
    Ok(name)
}

/// Reads the user that a call names; the caller himself when it names none.
pub(super) async fn read(call: &Call<'_>) -> Result<Versioned<User>, AwsError> {
    let name = match (call.text("UserName"), call.caller) {
        (None, Caller::User { user_name, .. }) => user_name.as_str(),
        _ => name(call, "UserName")?,
    };
    typed::read_json(call.parts.store.as_ref(), &key(call, name))
        .await?
        .ok_or_else(|| {
            AwsError::new(
                "NoSuchEntity",
                404,
                format!("The user with name {name} cannot be found."),
            )
        })
}

pub(super) async fn write(call: &Call<'_>, user: &Versioned<User>) -> Result<(), AwsError> {
    call.parts
        .store
        .commit(Batch::new().put_json(user.key.clone(), &user.value, user.expect())?)
        .await?;
    Ok(())
}

pub(super) fn key(call: &Call<'_>, name: &str) -> RecordKey {
    RecordKey::new(call.scope, kinds::IAM_USER, name)
}

pub(super) fn no_policy(name: &str) -> AwsError {
    AwsError::new(
        "NoSuchEntity",
        404,
        format!("The user policy with name {name} cannot be found."),
    )
}

pub(super) fn describe(call: &Call<'_>, user: &User) -> Value {
    json!({
        "Path": user.path,
        "UserName": user.user_name,
        "UserId": user.user_id,
        "Arn": format!("arn:aws:iam::{}:user{}{}", call.scope.account, user.path, user.user_name),
        "CreateDate": user.create_date.iso8601(),
    })
}

/// Returns which part of a listing a call asks for (one item more than it wants, to see whether there are more).
pub(super) fn page(call: &Call<'_>) -> Result<(Page, usize), AwsError> {
    let limit = match call.text("MaxItems") {
        None => PAGE_ITEMS,
        Some(text) => text
            .parse()
            .ok()
            .filter(|items| (1..=1000).contains(items))
            .ok_or_else(|| AwsError::validation("MaxItems must be a number between 1 and 1000"))?,
    };
    let after = call.text("Marker").map(str::to_owned);
    Ok((
        Page {
            prefix: String::new(),
            after,
            limit: limit + 1,
        },
        limit,
    ))
}
