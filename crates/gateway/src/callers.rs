//! Whose access keys sign calls of APIs, and what their policies allow: an index beside the snapshot, fed as records change.
//! Reading it takes no lock. Secrets are here in clear, in memory alone: they are sealed wherever they are kept.
//!
//! What cannot be read or found denies: a policy left out could be the one that denies.

use std::{collections::BTreeSet, sync::Arc};

use portcullis_engines::iam::{Policy, aws_managed_policies};
use portcullis_model::{
    AccountId, SecretText,
    resources::iam::{AccessKey, Group, ManagedPolicy, Role, User},
};

/// The callers of all accounts.
pub struct Callers {
    /// By access key id. Inactive keys are not here.
    keys: papaya::HashMap<Box<str>, Arc<CallersKey>>,
    /// By account and name.
    users: papaya::HashMap<(AccountId, Box<str>), Arc<CallersUser>>,
    groups: papaya::HashMap<(AccountId, Box<str>), Arc<Held>>,
    roles: papaya::HashMap<(AccountId, Box<str>), Arc<CallersRole>>,
    /// Managed policies, by ARN. AWS's own are always here. None: it cannot be read.
    policies: papaya::HashMap<Box<str>, Option<Arc<Policy>>>,
}

/// An active access key.
pub(crate) struct CallersKey {
    pub(crate) account: AccountId,
    pub(crate) secret: SecretText,
    /// None: the account's own.
    pub(crate) user_name: Option<Box<str>>,
}

/// A user.
pub(crate) struct CallersUser {
    pub(crate) arn: Box<str>,
    pub(crate) user_id: Box<str>,
    pub(crate) user_name: Box<str>,
    groups: Vec<Box<str>>,
    held: Held,
}

/// A role.
pub(crate) struct CallersRole {
    pub(crate) arn: Box<str>,
    pub(crate) role_id: Box<str>,
    /// Tags: `aws:PrincipalTag/…` and its value.
    pub(crate) tags: Vec<(Box<str>, Box<str>)>,
    held: Held,
}

/// What hangs on a user, a group or a role.
struct Held {
    /// Inline policies; none when one of them cannot be read.
    inline: Option<Vec<Arc<Policy>>>,
    /// ARNs of managed ones.
    attached: Vec<Box<str>>,
    boundary: Option<Box<str>>,
}

impl Held {
    fn compile<'a>(
        documents: impl Iterator<Item = &'a String>,
        attached: &BTreeSet<String>,
        boundary: Option<&String>,
    ) -> Self {
        let inline = documents.map(|document| Policy::parse(document).ok().map(Arc::new));
        Self {
            inline: inline.collect(),
            attached: attached.iter().map(|arn| arn.as_str().into()).collect(),
            boundary: boundary.map(|arn| arn.as_str().into()),
        }
    }
}

/// The policies of a caller, found.
#[derive(Default)]
pub(crate) struct CallersPolicies {
    pub(crate) identity: Vec<Arc<Policy>>,
    pub(crate) boundary: Option<Arc<Policy>>,
}

impl Default for Callers {
    fn default() -> Self {
        let policies = papaya::HashMap::new();
        for (arn, document) in aws_managed_policies() {
            policies
                .pin()
                .insert(arn.into(), Policy::parse(document).ok().map(Arc::new));
        }
        Self {
            keys: papaya::HashMap::new(),
            users: papaya::HashMap::new(),
            groups: papaya::HashMap::new(),
            roles: papaya::HashMap::new(),
            policies,
        }
    }
}

impl Callers {
    /// Takes a key as its record says now.
    pub fn put_key(&self, account: &AccountId, key: &AccessKey, secret: SecretText) {
        if key.status != "Active" {
            return self.remove_key(key.access_key_id.as_str());
        }
        let kept = CallersKey {
            account: account.clone(),
            secret,
            user_name: key.user_name.as_deref().map(Into::into),
        };
        let id = key.access_key_id.as_str().into();
        self.keys.pin().insert(id, Arc::new(kept));
    }

    /// Forgets a key.
    pub fn remove_key(&self, access_key_id: &str) {
        self.keys.pin().remove(access_key_id);
    }

    /// Takes a user as his record says now.
    pub fn put_user(&self, account: &AccountId, user: &User) {
        let kept = CallersUser {
            arn: user.arn(account.as_str()).into(),
            user_id: user.user_id.as_str().into(),
            user_name: user.user_name.as_str().into(),
            groups: user.groups.iter().map(|name| name.as_str().into()).collect(),
            held: Held::compile(
                user.policies.values(),
                &user.attached_policies,
                user.permissions_boundary.as_ref(),
            ),
        };
        let key = (account.clone(), user.user_name.as_str().into());
        self.users.pin().insert(key, Arc::new(kept));
    }

    /// Forgets a user; his keys then open nothing.
    pub fn remove_user(&self, account: &AccountId, user_name: &str) {
        self.users.pin().remove(&(account.clone(), Box::from(user_name)));
    }

    /// Takes a group as its record says now.
    pub fn put_group(&self, account: &AccountId, group: &Group) {
        let held = Held::compile(group.policies.values(), &group.attached_policies, None);
        let key = (account.clone(), group.group_name.as_str().into());
        self.groups.pin().insert(key, Arc::new(held));
    }

    /// Forgets a group; who is in it may nothing.
    pub fn remove_group(&self, account: &AccountId, group_name: &str) {
        self.groups
            .pin()
            .remove(&(account.clone(), Box::from(group_name)));
    }

    /// Takes a role as its record says now.
    pub fn put_role(&self, account: &AccountId, role: &Role) {
        let tags = role.tags.iter();
        let kept = CallersRole {
            arn: role.arn(account.as_str()).into(),
            role_id: role.role_id.as_str().into(),
            tags: tags
                .map(|(key, value)| {
                    let key = format!("aws:PrincipalTag/{key}");
                    (key.into(), value.as_str().into())
                })
                .collect(),
            held: Held::compile(
                role.policies.values(),
                &role.attached_policies,
                role.permissions_boundary.as_ref(),
            ),
        };
        let key = (account.clone(), role.role_name.as_str().into());
        self.roles.pin().insert(key, Arc::new(kept));
    }

    /// Forgets a role; its sessions end.
    pub fn remove_role(&self, account: &AccountId, role_name: &str) {
        self.roles.pin().remove(&(account.clone(), Box::from(role_name)));
    }

    /// Takes a managed policy as its record says now.
    pub fn put_policy(&self, account: &AccountId, policy: &ManagedPolicy) {
        let compiled = policy
            .document()
            .and_then(|document| Policy::parse(document).ok());
        let arn = policy.arn(account.as_str()).into();
        self.policies.pin().insert(arn, compiled.map(Arc::new));
    }

    /// Forgets the managed policy of a name, whatever its path; who has it may nothing.
    pub fn remove_policy(&self, account: &AccountId, policy_name: &str) {
        let start = format!("arn:aws:iam::{account}:policy/");
        self.policies.pin().retain(|arn, _| {
            let is_it = arn
                .strip_prefix(start.as_str())
                .is_some_and(|path| path.rsplit('/').next() == Some(policy_name));
            !is_it
        });
    }

    pub(crate) fn key(&self, access_key_id: &str) -> Option<Arc<CallersKey>> {
        self.keys.pin().get(access_key_id).cloned()
    }

    pub(crate) fn user(&self, account: &AccountId, user_name: &str) -> Option<Arc<CallersUser>> {
        let key = (account.clone(), Box::from(user_name));
        self.users.pin().get(&key).cloned()
    }

    pub(crate) fn role(&self, account: &AccountId, role_name: &str) -> Option<Arc<CallersRole>> {
        let key = (account.clone(), Box::from(role_name));
        self.roles.pin().get(&key).cloned()
    }

    /// Returns the policies of a user; the error is why they are not known.
    pub(crate) fn policies_of_user(
        &self,
        account: &AccountId,
        user: &CallersUser,
    ) -> Result<CallersPolicies, &'static str> {
        let mut found = CallersPolicies::default();
        self.add(&user.held, &mut found)?;
        for name in &user.groups {
            let key = (account.clone(), name.clone());
            let group = self.groups.pin().get(&key).cloned();
            let group = group.ok_or("a group of the caller is gone")?;
            self.add(&group, &mut found)?;
        }
        Ok(found)
    }

    /// Returns the policies of a role; the error is why they are not known.
    pub(crate) fn policies_of_role(&self, role: &CallersRole) -> Result<CallersPolicies, &'static str> {
        let mut found = CallersPolicies::default();
        self.add(&role.held, &mut found)?;
        Ok(found)
    }

    /// Returns a managed policy; the error is why it is not known.
    pub(crate) fn policy(&self, arn: &str) -> Result<Arc<Policy>, &'static str> {
        let found = self.policies.pin().get(arn).cloned();
        found
            .ok_or("a managed policy of the caller is gone")?
            .ok_or("a managed policy of the caller cannot be read")
    }

    fn add(&self, held: &Held, found: &mut CallersPolicies) -> Result<(), &'static str> {
        let inline = held
            .inline
            .as_ref()
            .ok_or("a policy of the caller cannot be read")?;
        found.identity.extend(inline.iter().cloned());
        for arn in &held.attached {
            found.identity.push(self.policy(arn)?);
        }
        if let Some(arn) = &held.boundary {
            found.boundary = Some(self.policy(arn)?);
        }
        Ok(())
    }
}
