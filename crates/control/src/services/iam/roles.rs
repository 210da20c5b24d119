//! Roles as the operations, the stacks and whoever acts in a role's name read, write and describe them.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html>

use std::collections::BTreeMap;

use portcullis_engines::iam::Policy;
use portcullis_model::{Clock, Entropy, Scope, resources::iam::Role};
use portcullis_store::{
    Batch, Expect, Put, RecordKey, Store, StoreError, kinds,
    typed::{self, Versioned},
};
use serde_json::{Value, json};

use super::users::{check_name, percent_encoded, policy_name};
use crate::operation::{Access, AwsError, Call, Subject};

/// Characters of a role's name.
const ROLE_NAME_MAX: usize = 64;
/// Characters of a path.
const PATH_MAX: usize = 512;
/// Characters of a description.
const DESCRIPTION_MAX: usize = 1000;
/// Characters of a trust policy: AWS's quota.
const TRUST_CHARACTERS_MAX: usize = 2048;
/// Characters of all inline policies of a role, white space not counted: AWS's quota.
const POLICIES_CHARACTERS_MAX: usize = 10_240;
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
}

/// The roles of an account.
pub struct Roles<'a> {
    pub store: &'a dyn Store,
    pub scope: &'a Scope,
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
}

impl Roles<'_> {
    /// Makes a role.
    pub async fn create(&self, new: NewRole) -> Result<Role, AwsError> {
        check_name("RoleName", Some(&new.name), ROLE_NAME_MAX)?;
        let path = if new.path.is_empty() { "/" } else { &new.path };
        check_path(path)?;
        let role = Role {
            role_name: new.name,
            role_id: format!("AROA{}", self.entropy.upper_base32(17)),
            path: path.to_owned(),
            create_date: self.clock.now(),
            assume_role_policy_document: new.trust,
            description: new.description,
            max_session_duration: new.max_session_duration.unwrap_or(SESSION_SECONDS.0),
            tags: new.tags,
            policies: new.policies,
        };
        check(&role)?;
        let written = self
            .store
            .commit(Batch::new().with(self.put(&role, Expect::Absent)?));
        match written.await {
            Err(StoreError::Conflict { .. } | StoreError::Taken { .. }) => Err(AwsError::new(
                "EntityAlreadyExists",
                409,
                format!("Role with name {} already exists.", role.role_name),
            )),
            Err(other) => Err(other.into()),
            Ok(_) => Ok(role),
        }
    }

    /// Reads a role; none when there is none of that name.
    pub async fn find(&self, name: &str) -> Result<Option<Versioned<Role>>, AwsError> {
        Ok(typed::read_json(self.store, &self.key(name)).await?)
    }

    /// Reads a role that must be there.
    pub async fn read(&self, name: &str) -> Result<Versioned<Role>, AwsError> {
        self.find(name).await?.ok_or_else(|| no_role(name))
    }

    /// Writes a changed role.
    pub async fn write(&self, role: &Versioned<Role>) -> Result<(), AwsError> {
        check(&role.value)?;
        let put = self.put(&role.value, role.expect())?;
        self.store.commit(Batch::new().with(put)).await?;
        Ok(())
    }

    /// Deletes a role.
    pub async fn delete(&self, role: &Versioned<Role>) -> Result<(), AwsError> {
        let batch = Batch::new().delete(role.key.clone(), role.expect());
        self.store.commit(batch).await?;
        Ok(())
    }

    /// Names that differ in case only are the same name.
    fn put(&self, role: &Role, expect: Expect) -> Result<Put, AwsError> {
        let name = format!("{}/{}", self.scope.account, role.role_name.to_ascii_lowercase());
        Ok(Put::json(self.key(&role.role_name), role, expect)?.unique("role-name", name))
    }

    fn key(&self, name: &str) -> RecordKey {
        RecordKey::new(self.scope, kinds::IAM_ROLE, name)
    }
}

/// Returns the roles of the caller's account.
pub(super) fn roles<'a>(call: &'a Call<'_>) -> Roles<'a> {
    Roles {
        store: call.parts.store.as_ref(),
        scope: call.scope,
        clock: call.parts.clock.as_ref(),
        entropy: call.parts.entropy.as_ref(),
    }
}

/// Reads the role that a call names.
pub(super) async fn read(call: &Call<'_>) -> Result<Versioned<Role>, AwsError> {
    let name = check_name("RoleName", call.text("RoleName"), ROLE_NAME_MAX)?;
    roles(call).read(name).await
}

/// Returns the permission `action` on the role that `RoleName` names, by its whole ARN: policies name roles by path.
pub(super) const fn on_role(action: &'static str) -> Access {
    Access::SignedOnFound {
        action,
        resource: |call| Box::pin(subject_of(call)),
    }
}

async fn subject_of(call: &Call<'_>) -> Result<Subject, AwsError> {
    let name = call.text("RoleName").unwrap_or_default();
    let account = call.scope.account.as_str();
    let mut subject = Subject::default();
    match roles(call).find(name).await? {
        None => subject.arn = format!("arn:aws:iam::{account}:role/{name}"),
        Some(found) => {
            subject.arn = found.value.arn(account);
            let tags = found.value.tags.into_iter();
            subject.context = tags
                .map(|(key, value)| (format!("aws:ResourceTag/{key}"), value))
                .collect();
        }
    }
    Ok(subject)
}

/// Returns the ARN that a new role will have.
pub(super) fn new_arn(call: &Call<'_>) -> String {
    let (path, name) = (call.text("Path").unwrap_or("/"), call.text("RoleName"));
    format!(
        "arn:aws:iam::{}:role{path}{}",
        call.scope.account,
        name.unwrap_or_default()
    )
}

/// Returns the ARN of all roles.
pub(super) fn all(call: &Call<'_>) -> String {
    format!("arn:aws:iam::{}:role/", call.scope.account)
}

/// Returns an inline policy that a call names, with the name.
pub(super) fn named_policy<'a>(call: &'a Call<'_>, role: &'a Role) -> Result<(&'a str, &'a str), AwsError> {
    let name = policy_name(call)?;
    let document = role.policies.get(name).ok_or_else(|| no_policy(name))?;
    Ok((name, document))
}

pub(super) fn no_policy(name: &str) -> AwsError {
    let message = format!("The role policy with name {name} cannot be found.");
    AwsError::new("NoSuchEntity", 404, message)
}

fn no_role(name: &str) -> AwsError {
    let message = format!("The role with name {name} cannot be found.");
    AwsError::new("NoSuchEntity", 404, message)
}

/// A path is `/`, or starts and ends with one and holds printable ASCII.
pub(super) fn check_path(path: &str) -> Result<(), AwsError> {
    let is_plain = path.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    if path.starts_with('/') && path.ends_with('/') && path.len() <= PATH_MAX && is_plain {
        return Ok(());
    }
    Err(AwsError::validation(
        "The specified value for path is invalid. It must begin and end with / and contain only printable characters.",
    ))
}

/// Says what is wrong with a role as it would be written.
fn check(role: &Role) -> Result<(), AwsError> {
    let limit = |message: String| AwsError::new("LimitExceeded", 409, message);
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
    if trust.chars().filter(|symbol| !symbol.is_whitespace()).count() > TRUST_CHARACTERS_MAX {
        return Err(limit(format!(
            "Cannot exceed quota for ACLSizePerRole: {TRUST_CHARACTERS_MAX}"
        )));
    }
    let mut characters = 0;
    for (name, document) in &role.policies {
        check_name("PolicyName", Some(name), super::users::POLICY_NAME_MAX)?;
        Policy::parse_identity_based(document).map_err(|cause| malformed(name, &cause))?;
        characters += document.chars().filter(|symbol| !symbol.is_whitespace()).count();
    }
    if characters > POLICIES_CHARACTERS_MAX {
        return Err(limit(format!(
            "Maximum policy size of {POLICIES_CHARACTERS_MAX} bytes exceeded for role {}",
            role.role_name
        )));
    }
    Ok(())
}

fn malformed(what: &str, cause: &portcullis_engines::iam::PolicyError) -> AwsError {
    AwsError::new("MalformedPolicyDocument", 400, format!("{what}: {cause}"))
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
