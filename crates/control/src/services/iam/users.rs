//! Users as the operations read, write and describe them.

use portcullis_model::resources::iam::User;
use portcullis_store::{
    Batch, Expect, Page, Put, RecordKey, kinds,
    typed::{self, Versioned},
};
use serde_json::{Value, json};

use crate::operation::{AwsError, Call, Caller};

/// Items of one page when the caller does not say.
const PAGE_ITEMS: usize = 100;

/// Returns the ARN of the user that a call is about: the one that it names, else the caller himself. A policy is judged
/// on the same user that the operation will act on.
pub(super) fn arn(call: &Call<'_>) -> String {
    let name = named(call).unwrap_or_default();
    format!("arn:aws:iam::{}:user/{name}", call.scope.account)
}

/// Returns the ARN of all users.
pub(super) fn all(call: &Call<'_>) -> String {
    format!("arn:aws:iam::{}:user/", call.scope.account)
}

fn named<'a>(call: &'a Call<'_>) -> Option<&'a str> {
    match (call.text("UserName"), call.caller) {
        (None, Caller::User { user_name, .. }) => Some(user_name),
        (given, _) => given,
    }
}

/// Characters of a user's name and of a policy's.
const USER_NAME_MAX: usize = 64;
pub(super) const POLICY_NAME_MAX: usize = 128;

/// Returns the name of a policy in the input.
pub(super) fn policy_name<'a>(call: &'a Call<'_>) -> Result<&'a str, AwsError> {
    check_name("PolicyName", call.text("PolicyName"), POLICY_NAME_MAX)
}

/// Returns the name of a new user in the input.
pub(super) fn new_name<'a>(call: &'a Call<'_>) -> Result<&'a str, AwsError> {
    check_name("UserName", call.text("UserName"), USER_NAME_MAX)
}

/// A name is of `[A-Za-z0-9+=,.@_-]`.
pub(super) fn check_name<'a>(member: &str, name: Option<&'a str>, max: usize) -> Result<&'a str, AwsError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    name.filter(|name| (1..=max).contains(&name.len()) && name.bytes().all(plain))
        .ok_or_else(|| {
            AwsError::validation(format!(
                "The specified value for {member} is invalid. It must contain 1 to {max} alphanumeric characters \
                 and/or the following: +=,.@_-"
            ))
        })
}

/// Reads the user that a call names; the caller himself when it names none.
pub(super) async fn read(call: &Call<'_>) -> Result<Versioned<User>, AwsError> {
    let name = check_name("UserName", named(call), USER_NAME_MAX)?;
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
    let put = put(call, &user.value, user.expect())?;
    call.parts.store.commit(Batch::new().with(put)).await?;
    Ok(())
}

/// Returns the write of a user. Names that differ in case only are the same name.
pub(super) fn put(call: &Call<'_>, user: &User, expect: Expect) -> Result<Put, AwsError> {
    let name = format!("{}/{}", call.scope.account, user.user_name.to_ascii_lowercase());
    Ok(Put::json(key(call, &user.user_name), user, expect)?.unique("user-name", name))
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

/// Returns a document as AWS gives it out: percent-encoded (RFC 3986).
pub(super) fn percent_encoded(document: &str) -> String {
    let mut encoded = String::with_capacity(document.len() * 2);
    for byte in document.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
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
