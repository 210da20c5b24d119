//! Managed policies of an account as the operations and the stacks make, change and describe them.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html>

use std::collections::BTreeMap;

use portcullis_engines::iam::{AWS_MANAGED_PREFIX, Policy, aws_managed};
use portcullis_model::resources::iam::{Group, ManagedPolicy, PolicyVersion, Role, User};
use portcullis_store::typed::Versioned;
use serde_json::{Value, json};

use super::{
    entities::{Entities, characters, check_path, entities, limit_exceeded, malformed, unknown_aws_policy},
    holders::policy_arn,
    users::{POLICY_NAME_MAX, check_name, percent_encoded},
};
use crate::operation::{Access, AwsError, Call};

/// Versions of a policy that are kept: AWS's quota.
const VERSIONS_MAX: usize = 5;
/// Characters of a document, white space not counted: AWS's quota.
const DOCUMENT_CHARACTERS_MAX: usize = 6144;
/// Characters of a description.
const DESCRIPTION_MAX: usize = 1000;

/// What a new managed policy is to be.
#[derive(Clone, Debug, Default)]
pub struct NewPolicy {
    pub name: String,
    /// `/` when empty.
    pub path: String,
    pub document: String,
    pub description: Option<String>,
}

impl Entities<'_> {
    /// Makes a managed policy.
    pub(crate) async fn create_policy(&self, new: NewPolicy) -> Result<ManagedPolicy, AwsError> {
        let now = self.clock.now();
        let version = PolicyVersion {
            document: new.document,
            create_date: now,
        };
        let policy = ManagedPolicy {
            policy_name: new.name,
            policy_id: format!("ANPA{}", self.entropy.upper_base32(17)),
            path: if new.path.is_empty() {
                "/".to_owned()
            } else {
                new.path
            },
            create_date: now,
            update_date: now,
            description: new.description.filter(|text| !text.is_empty()),
            default_version: 1,
            last_version: 1,
            versions: BTreeMap::from([(1, version)]),
        };
        self.create(&policy).await?;
        Ok(policy)
    }

    /// Adds a version, and makes it the one that holds if `is_default`.
    pub(crate) async fn add_version(
        &self,
        mut policy: Versioned<ManagedPolicy>,
        document: String,
        is_default: bool,
    ) -> Result<(ManagedPolicy, u32), AwsError> {
        let value = &mut policy.value;
        if value.versions.len() >= VERSIONS_MAX {
            return Err(limit_exceeded(format!(
                "A managed policy can have up to {VERSIONS_MAX} versions. Before you create a new version, you must \
                 delete an existing version."
            )));
        }
        let number = value.last_version.saturating_add(1);
        let create_date = self.clock.now();
        value.last_version = number;
        value.update_date = create_date;
        value.versions.insert(
            number,
            PolicyVersion {
                document,
                create_date,
            },
        );
        if is_default {
            value.default_version = number;
        }
        self.write(&policy).await?;
        Ok((policy.value, number))
    }

    /// Deletes a policy that nothing has and that bounds nobody.
    pub(crate) async fn delete_policy(&self, policy: &Versioned<ManagedPolicy>) -> Result<(), AwsError> {
        let arn = policy.value.arn(self.scope.account.as_str());
        if self.attachments(&arn).await? > 0 {
            let message = "Cannot delete a policy attached to entities.";
            return Err(AwsError::new("DeleteConflict", 409, message));
        }
        self.delete(policy).await
    }

    /// Returns how many entities have a policy or are bounded by it.
    pub(crate) async fn attachments(&self, arn: &str) -> Result<usize, AwsError> {
        Ok(self.attached_to::<User>(arn).await?.len()
            + self.attached_to::<Group>(arn).await?.len()
            + self.attached_to::<Role>(arn).await?.len())
    }
}

/// Says what is wrong with a policy as it would be written.
pub(super) fn check(policy: &ManagedPolicy) -> Result<(), AwsError> {
    check_name("PolicyName", Some(&policy.policy_name), POLICY_NAME_MAX)?;
    check_path(&policy.path)?;
    let description = policy.description.as_deref().unwrap_or_default();
    if description.chars().count() > DESCRIPTION_MAX {
        let message = format!("Description must have length less than or equal to {DESCRIPTION_MAX}");
        return Err(AwsError::validation(message));
    }
    for version in policy.versions.values() {
        Policy::parse_identity_based(&version.document)
            .map_err(|cause| malformed("PolicyDocument", &cause))?;
        if characters(&version.document) > DOCUMENT_CHARACTERS_MAX {
            return Err(limit_exceeded(format!(
                "Cannot exceed quota for PolicySize: {DOCUMENT_CHARACTERS_MAX}"
            )));
        }
    }
    Ok(())
}

/// The permission `action` on the policy that `PolicyArn` names.
pub(super) const fn on_policy(action: &'static str) -> Access {
    Access::Signed {
        action,
        resource: |call| call.text("PolicyArn").unwrap_or_default().to_owned(),
    }
}

/// Returns the ARN that a new policy will have.
pub(super) fn new_arn(call: &Call<'_>) -> String {
    let (path, name) = (call.text("Path").unwrap_or("/"), call.text("PolicyName"));
    format!(
        "arn:aws:iam::{}:policy{path}{}",
        call.scope.account,
        name.unwrap_or_default()
    )
}

/// Returns the ARN of all policies.
pub(super) fn all(call: &Call<'_>) -> String {
    format!("arn:aws:iam::{}:policy/", call.scope.account)
}

/// Reads the policy of the account that a call names.
pub(super) async fn read(call: &Call<'_>) -> Result<Versioned<ManagedPolicy>, AwsError> {
    let arn = policy_arn(call)?;
    if arn.starts_with(AWS_MANAGED_PREFIX) {
        let message = format!("{arn} is AWS's own and cannot be changed");
        return Err(AwsError::new("AccessDeniedException", 403, message));
    }
    entities(call).policy(arn).await
}

/// Reads a policy to show it, one of AWS's included.
pub(super) async fn shown(call: &Call<'_>) -> Result<ManagedPolicy, AwsError> {
    let arn = policy_arn(call)?;
    let Some(path_and_name) = arn.strip_prefix(AWS_MANAGED_PREFIX) else {
        return Ok(entities(call).policy(arn).await?.value);
    };
    let document = aws_managed(arn)
        .ok_or_else(|| AwsError::new("NoSuchEntity", 404, unknown_aws_policy(arn)))?
        .to_owned();
    let (path, name) = path_and_name
        .rsplit_once('/')
        .map_or(("/".to_owned(), path_and_name), |(path, name)| {
            (format!("/{path}/"), name)
        });
    let create_date = portcullis_model::Timestamp::from_seconds(0);
    Ok(ManagedPolicy {
        policy_name: name.to_owned(),
        policy_id: "ANPA".to_owned(),
        path,
        create_date,
        update_date: create_date,
        description: None,
        default_version: 1,
        last_version: 1,
        versions: BTreeMap::from([(
            1,
            PolicyVersion {
                document,
                create_date,
            },
        )]),
    })
}

/// Returns the number of the version that a call names: `v3`.
pub(super) fn version(call: &Call<'_>, policy: &ManagedPolicy) -> Result<u32, AwsError> {
    let id = call.text("VersionId").unwrap_or_default();
    let number = id.strip_prefix('v').and_then(|number| number.parse::<u32>().ok());
    number
        .filter(|number| policy.versions.contains_key(number))
        .ok_or_else(|| {
            let message = format!("Policy version {id} does not exist.");
            AwsError::new("NoSuchEntity", 404, message)
        })
}

pub(super) async fn describe(call: &Call<'_>, policy: &ManagedPolicy, arn: &str) -> Result<Value, AwsError> {
    let mut described = json!({
        "PolicyName": policy.policy_name,
        "PolicyId": policy.policy_id,
        "Arn": arn,
        "Path": policy.path,
        "DefaultVersionId": format!("v{}", policy.default_version),
        "AttachmentCount": entities(call).attachments(arn).await?,
        "IsAttachable": true,
        "CreateDate": policy.create_date.iso8601(),
        "UpdateDate": policy.update_date.iso8601(),
    });
    if let (Some(members), Some(text)) = (described.as_object_mut(), &policy.description) {
        members.insert("Description".into(), text.as_str().into());
    }
    Ok(described)
}

/// Describes a version, with its document where `whole`.
pub(super) fn describe_version(policy: &ManagedPolicy, number: u32, whole: bool) -> Value {
    let Some(version) = policy.versions.get(&number) else {
        return Value::Null;
    };
    let mut described = json!({
        "VersionId": format!("v{number}"),
        "IsDefaultVersion": number == policy.default_version,
        "CreateDate": version.create_date.iso8601(),
    });
    if let (Some(members), true) = (described.as_object_mut(), whole) {
        members.insert("Document".into(), percent_encoded(&version.document).into());
    }
    described
}
