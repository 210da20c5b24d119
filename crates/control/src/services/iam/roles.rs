//! Roles as the operations, the stacks and whoever acts in a role's name read, write and describe them.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html>

use std::collections::{BTreeMap, BTreeSet};

use portcullis_engines::iam::Policy;
use portcullis_model::resources::iam::Role;
use serde_json::{Value, json};

use super::{
    entities::{Entities, characters, limit_exceeded, malformed},
    users::{describe_boundary, percent_encoded},
};
use crate::operation::{AwsError, Call};

/// Characters of a description.
const DESCRIPTION_MAX: usize = 1000;
/// Characters of a trust policy: AWS's quota.
const TRUST_CHARACTERS_MAX: usize = 2048;
/// Tags of a role.
const TAGS_MAX: usize = 50;
/// Seconds of a session: at least, at most.
const SESSION_SECONDS: (u32, u32) = (3600, 43_200);

/// What a new role is to be.
#[derive(Clone, Debug, Default)]
pub struct NewRole {
    pub name: String,
    /// `/` when empty.
    pub path: String,
    pub trust: String,
    pub description: Option<String>,
    pub max_session_duration: Option<u32>,
    pub tags: BTreeMap<String, String>,
    pub policies: BTreeMap<String, String>,
    pub attached_policies: BTreeSet<String>,
    pub permissions_boundary: Option<String>,
}

impl Entities<'_> {
    /// Makes a role.
    pub async fn create_role(&self, new: NewRole) -> Result<Role, AwsError> {
        let managed = new.attached_policies.iter().chain(&new.permissions_boundary);
        for arn in managed {
            self.check_attachable(arn).await?;
        }
        let role = Role {
            role_name: new.name,
            role_id: format!("AROA{}", self.entropy.upper_base32(17)),
            path: if new.path.is_empty() {
                "/".to_owned()
            } else {
                new.path
            },
            create_date: self.clock.now(),
            assume_role_policy_document: new.trust,
            description: new.description,
            max_session_duration: new.max_session_duration.unwrap_or(SESSION_SECONDS.0),
            tags: new.tags,
            policies: new.policies,
            attached_policies: new.attached_policies,
            permissions_boundary: new.permissions_boundary,
        };
        self.create(&role).await?;
        Ok(role)
    }
}

/// Returns the ARN of all roles.
pub(super) fn all(call: &Call<'_>) -> String {
    format!("arn:aws:iam::{}:role/", call.scope.account)
}

/// Says what is wrong with a role as it would be written.
pub(super) fn check(role: &Role) -> Result<(), AwsError> {
    let limit = limit_exceeded;
    let (least, most) = SESSION_SECONDS;
    if !(least..=most).contains(&role.max_session_duration) {
        let message = format!("MaxSessionDuration must be between {least} and {most} seconds");
        return Err(AwsError::validation(message));
    }
    if role
        .description
        .as_ref()
        .is_some_and(|text| text.chars().count() > DESCRIPTION_MAX)
    {
        return Err(AwsError::validation(format!(
            "Description must have length less than or equal to {DESCRIPTION_MAX}"
        )));
    }
    if role.tags.len() > TAGS_MAX {
        return Err(limit(format!("Cannot exceed quota for TagsPerRole: {TAGS_MAX}")));
    }
    let trust = &role.assume_role_policy_document;
    Policy::parse_trust(trust).map_err(|cause| malformed("AssumeRolePolicyDocument", &cause))?;
    if characters(trust) > TRUST_CHARACTERS_MAX {
        return Err(limit(format!(
            "Cannot exceed quota for ACLSizePerRole: {TRUST_CHARACTERS_MAX}"
        )));
    }
    Ok(())
}

/// Reads the tags of an input.
pub(super) fn tags(call: &Call<'_>) -> Result<BTreeMap<String, String>, AwsError> {
    let mut tags = BTreeMap::new();
    for tag in call
        .input
        .get("Tags")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let text = |member: &str| tag.get(member).and_then(Value::as_str);
        let key = text("Key").filter(|key| (1..=128).contains(&key.chars().count()));
        let (Some(key), value) = (key, text("Value").unwrap_or_default()) else {
            return Err(AwsError::validation("a tag has a Key of 1 to 128 characters"));
        };
        if value.chars().count() > 256 {
            return Err(AwsError::validation(
                "the Value of a tag has at most 256 characters",
            ));
        }
        tags.insert(key.to_owned(), value.to_owned());
    }
    Ok(tags)
}

pub(super) fn describe(call: &Call<'_>, role: &Role) -> Value {
    let tags = role.tags.iter();
    let tags: Vec<Value> = tags
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    let mut described = json!({
        "Path": role.path,
        "RoleName": role.role_name,
        "RoleId": role.role_id,
        "Arn": role.arn(call.scope.account.as_str()),
        "CreateDate": role.create_date.iso8601(),
        "AssumeRolePolicyDocument": percent_encoded(&role.assume_role_policy_document),
        "MaxSessionDuration": role.max_session_duration,
    });
    describe_boundary(&mut described, role.permissions_boundary.as_deref());
    if let Some(members) = described.as_object_mut() {
        if let Some(description) = &role.description {
            members.insert("Description".into(), description.as_str().into());
        }
        if !tags.is_empty() {
            members.insert("Tags".into(), tags.into());
        }
    }
    described
}
