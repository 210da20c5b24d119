//! What IAM keeps: users, groups, roles and managed policies are found, made, changed and deleted alike. Operations and stacks
//! do it through here.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_engines::iam::{AWS_MANAGED_PREFIX, Policy, PolicyError, aws_managed};
use portcullis_model::{
    Clock, Entropy, Scope,
    arn::Arn,
    resources::iam::{Group, ManagedPolicy, Role, User},
};
use portcullis_store::{
    Batch, Expect, Kind, Put, RecordKey, Store, StoreError, kinds,
    typed::{self, Versioned},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::operation::{AwsError, Call};

/// Managed policies that may be attached to one entity: AWS's quota.
const ATTACHED_MAX: usize = 10;
/// Groups of one user: AWS's quota.
const GROUPS_MAX: usize = 10;
/// Characters of a path.
const PATH_MAX: usize = 512;
/// By which what a managed policy is attached to is found: `{account}/{policy ARN}`.
const BY_POLICY: &str = "policy";
/// By which the users of a group are found: `{account}/{group name}`.
const BY_GROUP: &str = "group";

/// One kind of entity.
pub(crate) trait Entity: Serialize + DeserializeOwned + Send + Sync {
    const KIND: Kind;
    /// `User`, as AWS's messages and members begin.
    const WORD: &'static str;
    /// The lookup that keeps a name from being given twice.
    const NAME_LOOKUP: &'static str;

    fn name(&self) -> &str;
    fn arn(&self, account: &str) -> String;
    /// By what else it is found.
    fn lookups(&self, _account: &str) -> Vec<(&'static str, String)> {
        Vec::new()
    }
    /// What conditions may say of it.
    fn facts(&self) -> Vec<(String, String)> {
        Vec::new()
    }
    /// Says what is wrong with it as it would be written.
    fn check(&self) -> Result<(), AwsError>;
}

/// What policies hang on.
pub(crate) trait Holder: Entity {
    /// Characters of all inline policies, white space not counted: AWS's quota.
    const INLINE_CHARACTERS_MAX: usize;

    fn inline(&self) -> &BTreeMap<String, String>;
    fn inline_mut(&mut self) -> &mut BTreeMap<String, String>;
    fn attached(&self) -> &BTreeSet<String>;
    fn attached_mut(&mut self) -> &mut BTreeSet<String>;
    /// `None` for what has no boundary.
    fn boundary_mut(&mut self) -> Option<&mut Option<String>> {
        None
    }
}

/// The entities of an account.
#[derive(Clone, Copy)]
pub struct Entities<'a> {
    pub store: &'a dyn Store,
    pub scope: &'a Scope,
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
}

/// Returns the entities of the caller's account.
pub(super) fn entities<'a>(call: &'a Call<'_>) -> Entities<'a> {
    Entities {
        store: call.parts.store.as_ref(),
        scope: call.scope,
        clock: call.parts.clock.as_ref(),
        entropy: call.parts.entropy.as_ref(),
    }
}

impl Entities<'_> {
    /// Reads an entity; none when there is none of that name.
    pub(crate) async fn find<E: Entity>(&self, name: &str) -> Result<Option<Versioned<E>>, AwsError> {
        Ok(typed::read_json(self.store, &self.key::<E>(name)).await?)
    }

    /// Reads an entity that must be there.
    pub(crate) async fn read<E: Entity>(&self, name: &str) -> Result<Versioned<E>, AwsError> {
        self.find(name).await?.ok_or_else(|| no_such::<E>(name))
    }

    /// Writes a new entity.
    pub(crate) async fn create<E: Entity>(&self, entity: &E) -> Result<(), AwsError> {
        entity.check()?;
        let batch = Batch::new().with(self.put(entity, Expect::Absent)?);
        match self.store.commit(batch).await {
            Err(StoreError::Conflict { .. } | StoreError::Taken { .. }) => Err(AwsError::new(
                "EntityAlreadyExists",
                409,
                format!("{} with name {} already exists.", E::WORD, entity.name()),
            )),
            Err(other) => Err(other.into()),
            Ok(_) => Ok(()),
        }
    }

    /// Writes a changed entity.
    pub(crate) async fn write<E: Entity>(&self, entity: &Versioned<E>) -> Result<(), AwsError> {
        entity.value.check()?;
        let put = self.put(&entity.value, entity.expect())?;
        self.store.commit(Batch::new().with(put)).await?;
        Ok(())
    }

    /// Deletes an entity.
    pub(crate) async fn delete<E: Entity>(&self, entity: &Versioned<E>) -> Result<(), AwsError> {
        let batch = Batch::new().delete(entity.key.clone(), entity.expect());
        self.store.commit(batch).await?;
        Ok(())
    }

    /// Returns the write of an entity. Names that differ in case only are the same name.
    pub(crate) fn put<E: Entity>(&self, entity: &E, expect: Expect) -> Result<Put, AwsError> {
        let account = self.scope.account.as_str();
        let name = format!("{account}/{}", entity.name().to_ascii_lowercase());
        let put = Put::json(self.key::<E>(entity.name()), entity, expect)?.unique(E::NAME_LOOKUP, name);
        let lookups = entity.lookups(account).into_iter();
        Ok(lookups.fold(put, |put, (name, value)| put.lookup(name, value)))
    }

    fn key<E: Entity>(&self, name: &str) -> RecordKey {
        RecordKey::new(self.scope, E::KIND, name)
    }

    /// Reads the managed policy of this account that an ARN names.
    pub(crate) async fn policy(&self, arn: &str) -> Result<Versioned<ManagedPolicy>, AwsError> {
        let found = find_policy(self.store, self.scope, arn).await?;
        found.ok_or_else(|| {
            let message = format!("Policy {arn} does not exist or is not attachable.");
            AwsError::new("NoSuchEntity", 404, message)
        })
    }

    /// Checks that a managed policy is there: one of this account, or one of AWS's whose content is known here.
    pub(crate) async fn check_attachable(&self, arn: &str) -> Result<(), AwsError> {
        if !arn.starts_with(AWS_MANAGED_PREFIX) {
            return self.policy(arn).await.map(drop);
        }
        aws_managed(arn)
            .map(drop)
            .ok_or_else(|| AwsError::new("NoSuchEntity", 404, unknown_aws_policy(arn)))
    }

    /// Attaches a managed policy to an entity, which is not yet written.
    pub(crate) async fn attach<H: Holder>(&self, holder: &mut H, arn: &str) -> Result<(), AwsError> {
        self.check_attachable(arn).await?;
        holder.attached_mut().insert(arn.to_owned());
        Ok(())
    }

    /// Returns the users of a group.
    pub(crate) async fn users_of(&self, group: &str) -> Result<Vec<User>, AwsError> {
        let value = format!("{}/{group}", self.scope.account);
        let found = typed::find_json::<User>(self.store, kinds::IAM_USER, BY_GROUP, &value).await?;
        Ok(found.into_iter().map(|found| found.value).collect())
    }

    /// Returns what a managed policy is attached to, of one kind; or whom it bounds.
    pub(crate) async fn attached_to<E: Entity>(&self, policy_arn: &str) -> Result<Vec<E>, AwsError> {
        let value = format!("{}/{policy_arn}", self.scope.account);
        let found = typed::find_json::<E>(self.store, E::KIND, BY_POLICY, &value).await?;
        Ok(found.into_iter().map(|found| found.value).collect())
    }
}

/// Reads the managed policy of an account that an ARN names; none when there is none.
pub(crate) async fn find_policy(
    store: &dyn Store,
    scope: &Scope,
    arn: &str,
) -> Result<Option<Versioned<ManagedPolicy>>, StoreError> {
    let parsed = arn.parse::<Arn>().ok();
    let name = parsed.as_ref().and_then(|parsed| {
        let path = parsed.resource.strip_prefix("policy/")?;
        path.rsplit('/').next()
    });
    let Some(name) = name else { return Ok(None) };
    let key = RecordKey::new(scope, kinds::IAM_POLICY, name);
    let found = typed::read_json::<ManagedPolicy>(store, &key).await?;
    Ok(found.filter(|found| found.value.arn(scope.account.as_str()) == arn))
}

/// Says why one of AWS's policies cannot be attached.
pub(crate) fn unknown_aws_policy(arn: &str) -> String {
    format!(
        "Policy {arn} does not exist or is not attachable: the content of this policy of AWS's is not known here, \
         write what it allows into a policy of your own"
    )
}

pub(super) fn no_such<E: Entity>(name: &str) -> AwsError {
    let message = format!(
        "The {} with name {name} cannot be found.",
        E::WORD.to_ascii_lowercase()
    );
    AwsError::new("NoSuchEntity", 404, message)
}

pub(super) fn limit_exceeded(message: String) -> AwsError {
    AwsError::new("LimitExceeded", 409, message)
}

pub(super) fn malformed(what: &str, cause: &PolicyError) -> AwsError {
    AwsError::new("MalformedPolicyDocument", 400, format!("{what}: {cause}"))
}

/// Returns the characters of a document, white space not counted.
pub(super) fn characters(document: &str) -> usize {
    document.chars().filter(|symbol| !symbol.is_whitespace()).count()
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

/// Checks name, path and what hangs on an entity.
fn check_holder<H: Holder>(holder: &H, path: &str, name_max: usize) -> Result<(), AwsError> {
    super::users::check_name(&format!("{}Name", H::WORD), Some(holder.name()), name_max)?;
    check_path(path)?;
    let mut count = 0;
    for (name, document) in holder.inline() {
        super::users::check_name("PolicyName", Some(name), super::users::POLICY_NAME_MAX)?;
        Policy::parse_identity_based(document).map_err(|cause| malformed(name, &cause))?;
        count += characters(document);
    }
    if count > H::INLINE_CHARACTERS_MAX {
        return Err(limit_exceeded(format!(
            "Maximum policy size of {} bytes exceeded for {} {}",
            H::INLINE_CHARACTERS_MAX,
            H::WORD.to_ascii_lowercase(),
            holder.name()
        )));
    }
    if holder.attached().len() > ATTACHED_MAX {
        return Err(limit_exceeded(format!(
            "Cannot exceed quota for PoliciesPer{}: {ATTACHED_MAX}",
            H::WORD
        )));
    }
    Ok(())
}

fn by_policies<'a>(
    account: &str,
    attached: &'a BTreeSet<String>,
    boundary: Option<&'a String>,
) -> Vec<(&'static str, String)> {
    let both: BTreeSet<&String> = attached.iter().chain(boundary).collect();
    both.into_iter()
        .map(|arn| (BY_POLICY, format!("{account}/{arn}")))
        .collect()
}

/// Characters of a user's name, of a role's and of a group's.
const USER_NAME_MAX: usize = 64;
const ROLE_NAME_MAX: usize = 64;
const GROUP_NAME_MAX: usize = 128;

impl Entity for User {
    const KIND: Kind = kinds::IAM_USER;
    const WORD: &'static str = "User";
    const NAME_LOOKUP: &'static str = "user-name";

    fn name(&self) -> &str {
        &self.user_name
    }
    fn arn(&self, account: &str) -> String {
        self.arn(account)
    }
    fn lookups(&self, account: &str) -> Vec<(&'static str, String)> {
        let groups = self
            .groups
            .iter()
            .map(|group| (BY_GROUP, format!("{account}/{group}")));
        let policies = by_policies(
            account,
            &self.attached_policies,
            self.permissions_boundary.as_ref(),
        );
        groups.chain(policies).collect()
    }
    fn check(&self) -> Result<(), AwsError> {
        check_holder(self, &self.path, USER_NAME_MAX)?;
        if self.groups.len() <= GROUPS_MAX {
            return Ok(());
        }
        Err(limit_exceeded(format!(
            "Cannot exceed quota for GroupsPerUser: {GROUPS_MAX}"
        )))
    }
}

impl Entity for Group {
    const KIND: Kind = kinds::IAM_GROUP;
    const WORD: &'static str = "Group";
    const NAME_LOOKUP: &'static str = "group-name";

    fn name(&self) -> &str {
        &self.group_name
    }
    fn arn(&self, account: &str) -> String {
        self.arn(account)
    }
    fn lookups(&self, account: &str) -> Vec<(&'static str, String)> {
        by_policies(account, &self.attached_policies, None)
    }
    fn check(&self) -> Result<(), AwsError> {
        check_holder(self, &self.path, GROUP_NAME_MAX)
    }
}

impl Entity for Role {
    const KIND: Kind = kinds::IAM_ROLE;
    const WORD: &'static str = "Role";
    const NAME_LOOKUP: &'static str = "role-name";

    fn name(&self) -> &str {
        &self.role_name
    }
    fn arn(&self, account: &str) -> String {
        self.arn(account)
    }
    fn lookups(&self, account: &str) -> Vec<(&'static str, String)> {
        by_policies(
            account,
            &self.attached_policies,
            self.permissions_boundary.as_ref(),
        )
    }
    fn facts(&self) -> Vec<(String, String)> {
        let tags = self.tags.iter();
        let tags = tags.map(|(key, value)| (format!("aws:ResourceTag/{key}"), value.clone()));
        tags.collect()
    }
    fn check(&self) -> Result<(), AwsError> {
        check_holder(self, &self.path, ROLE_NAME_MAX)?;
        super::roles::check(self)
    }
}

impl Entity for ManagedPolicy {
    const KIND: Kind = kinds::IAM_POLICY;
    const WORD: &'static str = "Policy";
    const NAME_LOOKUP: &'static str = "policy-name";

    fn name(&self) -> &str {
        &self.policy_name
    }
    fn arn(&self, account: &str) -> String {
        self.arn(account)
    }
    fn check(&self) -> Result<(), AwsError> {
        super::managed::check(self)
    }
}

macro_rules! holder {
    ($entity:ty, $characters:literal $(, $boundary:ident)?) => {
        impl Holder for $entity {
            const INLINE_CHARACTERS_MAX: usize = $characters;

            fn inline(&self) -> &BTreeMap<String, String> {
                &self.policies
            }
            fn inline_mut(&mut self) -> &mut BTreeMap<String, String> {
                &mut self.policies
            }
            fn attached(&self) -> &BTreeSet<String> {
                &self.attached_policies
            }
            fn attached_mut(&mut self) -> &mut BTreeSet<String> {
                &mut self.attached_policies
            }
            $(fn boundary_mut(&mut self) -> Option<&mut Option<String>> {
                Some(&mut self.$boundary)
            })?
        }
    };
}

holder!(User, 2048, permissions_boundary);
holder!(Group, 5120);
holder!(Role, 10_240, permissions_boundary);
