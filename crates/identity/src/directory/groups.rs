//! Groups of users, and who is in them.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-user-groups.html>

use portcullis_model::{
    Scope,
    resources::cognito::{Group, User, UserPool},
};
use portcullis_store::{Batch, Expect, Page, RecordKey, kinds, typed::Versioned};

use super::{
    Listing, PageRequest, UserDescription, paging,
    users::{self, GROUP_LOOKUP},
};
use crate::{Identity, IdentityError, records::inside};

/// What `CreateGroup` and `UpdateGroup` take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupInput {
    pub user_pool_id: String,
    pub group_name: String,
    pub description: Option<String>,
    pub role_arn: Option<String>,
    pub precedence: Option<u32>,
}

const GROUPS_PER_PAGE_MAX: u32 = 60;
const USERS_PER_PAGE_MAX: u32 = 60;
const NAME_CHARACTERS_MAX: usize = 128;
const DESCRIPTION_CHARACTERS_MAX: usize = 2048;
/// AWS's own quota.
const GROUPS_PER_USER_MAX: usize = 100;

impl Identity {
    /// `CreateGroup`
    pub async fn create_group(&self, scope: &Scope, input: GroupInput) -> Result<Group, IdentityError> {
        let pool = self.pool(scope, &input.user_pool_id).await?.value;
        check(&input)?;
        let key = key(scope, &pool, &input.group_name);
        if self.read::<Group>(&key).await?.is_some() {
            return Err(IdentityError::group_exists(
                "A group with the name already exists.",
            ));
        }
        let now = self.clock.now();
        let group = Group {
            user_pool_id: pool.id,
            group_name: input.group_name,
            description: input.description,
            role_arn: input.role_arn,
            precedence: input.precedence,
            creation_date: now,
            last_modified_date: now,
        };
        self.store
            .commit(Batch::new().put_json(key, &group, Expect::Absent)?)
            .await?;
        Ok(group)
    }

    /// `GetGroup`
    pub async fn get_group(&self, scope: &Scope, pool: &str, group: &str) -> Result<Group, IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        Ok(self.group(scope, &pool, group).await?.value)
    }

    /// `UpdateGroup`: what is not given stays.
    pub async fn update_group(&self, scope: &Scope, input: GroupInput) -> Result<Group, IdentityError> {
        let pool = self.pool(scope, &input.user_pool_id).await?.value;
        check(&input)?;
        let found = self.group(scope, &pool, &input.group_name).await?;
        let expect = found.expect();
        let mut group = found.value;
        group.description = input.description.or(group.description);
        group.role_arn = input.role_arn.or(group.role_arn);
        group.precedence = input.precedence.or(group.precedence);
        group.last_modified_date = self.clock.now();
        self.store
            .commit(Batch::new().put_json(found.key, &group, expect)?)
            .await?;
        Ok(group)
    }

    /// `DeleteGroup`: its users stay, without it.
    pub async fn delete_group(&self, scope: &Scope, pool: &str, group: &str) -> Result<(), IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        let found = self.group(scope, &pool, group).await?;
        let expect = found.expect();
        self.store.commit(Batch::new().delete(found.key, expect)).await?;
        // A membership left behind by a crash here names no group, and tokens carry groups that exist only.
        for key in self
            .store
            .find(kinds::USER, GROUP_LOOKUP, &inside(&pool.id, group))
            .await?
        {
            let Some(member) = self.read::<User>(&key).await? else {
                continue;
            };
            self.change_user(scope, &pool, &member.value.username, |user| {
                user.groups.retain(|name| name != group);
                Ok(())
            })
            .await?;
        }
        Ok(())
    }

    /// `ListGroups`
    pub async fn list_groups(
        &self,
        scope: &Scope,
        pool: &str,
        request: &PageRequest,
    ) -> Result<Listing<Group>, IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        let size = request.size(GROUPS_PER_PAGE_MAX)?;
        let listing = format!("groups/{}", pool.id);
        let page = Page {
            prefix: inside(&pool.id, ""),
            after: request.after(&listing)?,
            limit: size + 1,
        };
        let found = self.list::<Group>(scope, kinds::GROUP, page).await?;
        let groups = found.into_iter().map(|record| record.value).collect();
        Ok(paging::page(&listing, groups, size, |group: &Group| {
            inside(&pool.id, &group.group_name)
        }))
    }

    /// `AdminAddUserToGroup`
    pub async fn admin_add_user_to_group(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
        group: &str,
    ) -> Result<(), IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        self.group(scope, &pool, group).await?;
        self.change_user(scope, &pool, username, |user| {
            if !user.groups.iter().any(|name| name == group) {
                if user.groups.len() >= GROUPS_PER_USER_MAX {
                    return Err(IdentityError::limit_exceeded(format!(
                        "a user is in at most {GROUPS_PER_USER_MAX} groups"
                    )));
                }
                user.groups.push(group.to_owned());
            }
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// `AdminRemoveUserFromGroup`
    pub async fn admin_remove_user_from_group(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
        group: &str,
    ) -> Result<(), IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        self.group(scope, &pool, group).await?;
        self.change_user(scope, &pool, username, |user| {
            user.groups.retain(|name| name != group);
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// `AdminListGroupsForUser`
    pub async fn admin_list_groups_for_user(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
        request: &PageRequest,
    ) -> Result<Listing<Group>, IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        let user = self.user(scope, &pool, username).await?.value;
        let size = request.size(GROUPS_PER_PAGE_MAX)?;
        let listing = format!("groups-of/{}/{}", pool.id, user.sub);
        let after = request.after(&listing)?;
        let mut groups = self.groups_of(scope, &pool, &user).await?;
        groups.sort_by(|one, other| one.group_name.cmp(&other.group_name));
        groups.retain(|group| after.as_ref().is_none_or(|after| group.group_name > *after));
        Ok(paging::page(&listing, groups, size, |group: &Group| {
            group.group_name.clone()
        }))
    }

    /// `ListUsersInGroup`
    pub async fn list_users_in_group(
        &self,
        scope: &Scope,
        pool: &str,
        group: &str,
        request: &PageRequest,
    ) -> Result<Listing<UserDescription>, IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        self.group(scope, &pool, group).await?;
        let size = request.size(USERS_PER_PAGE_MAX)?;
        let listing = format!("users-in/{}/{group}", pool.id);
        let after = request.after(&listing)?;
        let mut keys = self
            .store
            .find(kinds::USER, GROUP_LOOKUP, &inside(&pool.id, group))
            .await?;
        keys.sort_by(|one, other| one.id.cmp(&other.id));
        keys.retain(|key| after.as_ref().is_none_or(|after| key.id > *after));
        keys.truncate(size + 1);
        let keys = paging::page(&listing, keys, size, |key: &RecordKey| key.id.clone());
        let mut items = Vec::new();
        for key in &keys.items {
            items.extend(
                self.read::<User>(key)
                    .await?
                    .map(|user| users::describe(&user.value)),
            );
        }
        Ok(Listing {
            items,
            next: keys.next,
        })
    }

    /// Returns the groups that a user is in and that exist, the one of lowest precedence number first.
    pub(crate) async fn groups_of(
        &self,
        scope: &Scope,
        pool: &UserPool,
        user: &User,
    ) -> Result<Vec<Group>, IdentityError> {
        let mut groups = Vec::new();
        for name in &user.groups {
            groups.extend(
                self.read::<Group>(&key(scope, pool, name))
                    .await?
                    .map(|group| group.value),
            );
        }
        groups.sort_by_key(|group| group.precedence.unwrap_or(u32::MAX));
        Ok(groups)
    }

    async fn group(
        &self,
        scope: &Scope,
        pool: &UserPool,
        name: &str,
    ) -> Result<Versioned<Group>, IdentityError> {
        self.read(&key(scope, pool, name))
            .await?
            .ok_or_else(|| IdentityError::resource_not_found("Group not found."))
    }
}

fn key(scope: &Scope, pool: &UserPool, name: &str) -> RecordKey {
    RecordKey::new(scope, kinds::GROUP, inside(&pool.id, name))
}

fn check(input: &GroupInput) -> Result<(), IdentityError> {
    let length = input.group_name.chars().count();
    let plain = input
        .group_name
        .chars()
        .all(|c| !c.is_whitespace() && !c.is_control());
    if !(1..=NAME_CHARACTERS_MAX).contains(&length) || !plain {
        return Err(IdentityError::invalid_parameter(format!(
            "1 validation error detected: Value '{}' at 'groupName' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: [\\p{{L}}\\p{{M}}\\p{{S}}\\p{{N}}\\p{{P}}]+",
            input.group_name
        )));
    }
    if input
        .description
        .as_ref()
        .is_some_and(|text| text.chars().count() > DESCRIPTION_CHARACTERS_MAX)
    {
        return Err(IdentityError::invalid_parameter(format!(
            "1 validation error detected: Value at 'description' failed to satisfy constraint: Member must have length \
             less than or equal to {DESCRIPTION_CHARACTERS_MAX}"
        )));
    }
    Ok(())
}
