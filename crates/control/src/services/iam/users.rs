//! Users as the operations and the stacks make, delete and describe them.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::resources::iam::{Group, User};
use portcullis_store::{Page, typed::Versioned};
use serde_json::{Value, json};

use super::{
    entities::Entities,
    holders::{check_bare, conflict},
};
use crate::operation::{AwsError, Call};

/// Items of one page when the caller does not say.
const PAGE_ITEMS: usize = 100;

/// Returns the ARN of all users.
pub(super) fn all(call: &Call<'_>) -> String {
    format!("arn:aws:iam::{}:user/", call.scope.account)
}

/// What a new user is to be.
#[derive(Clone, Debug, Default)]
pub struct NewUser {
    pub name: String,
    /// `/` when empty.
    pub path: String,
    pub policies: BTreeMap<String, String>,
    pub attached_policies: BTreeSet<String>,
    pub groups: BTreeSet<String>,
    pub permissions_boundary: Option<String>,
}

impl Entities<'_> {
    /// Makes a user.
    pub(crate) async fn create_user(&self, new: NewUser) -> Result<User, AwsError> {
        let managed = new.attached_policies.iter().chain(&new.permissions_boundary);
        for arn in managed {
            self.check_attachable(arn).await?;
        }
        for group in &new.groups {
            self.read::<Group>(group).await?;
        }
        let user = User {
            user_name: new.name,
            user_id: format!("AIDA{}", self.entropy.upper_base32(17)),
            path: if new.path.is_empty() {
                "/".to_owned()
            } else {
                new.path
            },
            create_date: self.clock.now(),
            policies: new.policies,
            attached_policies: new.attached_policies,
            groups: new.groups,
            permissions_boundary: new.permissions_boundary,
        };
        self.create(&user).await?;
        Ok(user)
    }

    /// Deletes a user who has neither policies nor groups nor keys.
    pub(crate) async fn delete_user(&self, user: &Versioned<User>) -> Result<(), AwsError> {
        check_bare(&user.value)?;
        if !user.value.groups.is_empty() {
            return Err(conflict("must remove users from group first"));
        }
        if !self.keys_of(&user.value.user_name).await?.is_empty() {
            return Err(conflict("must delete access keys first"));
        }
        self.delete(user).await
    }
}

/// Characters of a policy's name.
pub(super) const POLICY_NAME_MAX: usize = 128;

/// Returns the name of a policy in the input.
pub(super) fn policy_name<'a>(call: &'a Call<'_>) -> Result<&'a str, AwsError> {
    check_name("PolicyName", call.text("PolicyName"), POLICY_NAME_MAX)
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
    let mut described = json!({
        "Path": user.path,
        "UserName": user.user_name,
        "UserId": user.user_id,
        "Arn": user.arn(call.scope.account.as_str()),
        "CreateDate": user.create_date.iso8601(),
    });
    describe_boundary(&mut described, user.permissions_boundary.as_deref());
    described
}

/// Adds the permissions boundary to a description.
pub(super) fn describe_boundary(described: &mut Value, boundary: Option<&str>) {
    if let (Some(members), Some(arn)) = (described.as_object_mut(), boundary) {
        let boundary = json!({ "PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn });
        members.insert("PermissionsBoundary".into(), boundary);
    }
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
