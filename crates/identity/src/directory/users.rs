//! Users as records: how they are named, found by every name they have, written, and described.
//!
//! A user's record is called after the username, folded to lower case where the pool does not tell cases apart. In
//! pools whose usernames are addresses the username is the `sub`, and the address is an alias.

use portcullis_model::{
    Scope, Timestamp,
    resources::cognito::{User, UserPool, UserStatus},
};
use portcullis_store::{Batch, Expect, Put, RecordKey, StoreError, kinds, typed::Versioned};

use super::attributes;
use crate::{Identity, IdentityError, records::inside};

/// A user as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserDescription {
    pub username: String,
    /// `sub` first.
    pub attributes: Vec<(String, String)>,
    pub user_create_date: Timestamp,
    pub user_last_modified_date: Timestamp,
    pub enabled: bool,
    pub user_status: UserStatus,
}

/// Longest username, AWS's own limit.
const USERNAME_CHARACTERS_MAX: usize = 128;
/// How often a change is tried again when somebody else changed the user meanwhile.
const ATTEMPTS_MAX: usize = 8;

pub(super) const SUB_LOOKUP: &str = "sub";
pub(super) const GROUP_LOOKUP: &str = "group";
const ALIAS_LOOKUP: &str = "alias";
/// Attributes that `ListUsers` finds without looking at every user.
pub(super) const SEARCHED: [&str; 3] = ["email", "phone_number", "preferred_username"];

/// Returns a name as it is compared in `pool`.
pub(crate) fn folded(pool: &UserPool, name: &str) -> String {
    if pool.username_case_sensitive {
        name.to_owned()
    } else {
        name.to_lowercase()
    }
}

/// Returns the name under which SRP knows a user, and which a client's challenge carries. Folded, so that a user who
/// typed another case cannot be told from a name that nobody has.
pub(crate) fn srp_id(pool: &UserPool, user: &User) -> String {
    folded(pool, &user.username)
}

/// Returns the key of the user whose username (not alias) is `username`.
pub(crate) fn user_key(scope: &Scope, pool: &UserPool, username: &str) -> RecordKey {
    RecordKey::new(scope, kinds::USER, inside(&pool.id, &folded(pool, username)))
}

/// Returns a write of `user` with everything that it is found by.
pub(crate) fn put_user(
    scope: &Scope,
    pool: &UserPool,
    user: &User,
    expect: Expect,
) -> Result<Put, IdentityError> {
    let mut put = Put::json(user_key(scope, pool, &user.username), user, expect)?
        .unique(SUB_LOOKUP, inside(&pool.id, user.sub.as_str()));
    for alias in aliases(pool, user) {
        put = put.unique(ALIAS_LOOKUP, inside(&pool.id, &alias));
    }
    for name in SEARCHED {
        if let Some(value) = user.attributes.get(name) {
            put = put.lookup(name, inside(&pool.id, &value.to_lowercase()));
        }
    }
    for group in &user.groups {
        put = put.lookup(GROUP_LOOKUP, inside(&pool.id, group));
    }
    Ok(put)
}

/// Returns the names, besides the username, that sign this user in.
fn aliases(pool: &UserPool, user: &User) -> Vec<String> {
    let value = |name: &String| user.attributes.get(name).map(|value| folded(pool, value));
    let verified = |name: &String| match name.as_str() {
        // AWS: a preferred username becomes an alias when the user is confirmed.
        "preferred_username" => user.user_status != UserStatus::Unconfirmed,
        _ => user
            .attributes
            .get(&format!("{name}_verified"))
            .is_some_and(|verified| verified == "true"),
    };
    let usernames = pool.username_attributes.iter().filter_map(value);
    let aliases = pool
        .alias_attributes
        .iter()
        .filter(|name| verified(name))
        .filter_map(value);
    usernames.chain(aliases).collect()
}

/// Refuses a username that the pool's kind does not allow.
pub(crate) fn check_username(pool: &UserPool, username: &str) -> Result<(), IdentityError> {
    let length = username.chars().count();
    let plain = username.chars().all(|c| !c.is_whitespace() && !c.is_control());
    if !(1..=USERNAME_CHARACTERS_MAX).contains(&length) || !plain {
        return Err(IdentityError::invalid_parameter(
            "1 validation error detected: Value at 'username' failed to satisfy constraint: Member must satisfy regular \
             expression pattern: [\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+",
        ));
    }
    let by = |name: &str| pool.username_attributes.iter().any(|attribute| attribute == name);
    let message = match (by("email"), by("phone_number")) {
        (false, false) => return check_alias_form(pool, username),
        (true, false) if !attributes::is_email(username) => "Username should be an email.",
        (false, true) if !attributes::is_phone_number(username) => "Username should be a phone number.",
        (true, true) if !attributes::is_email(username) && !attributes::is_phone_number(username) => {
            "Username should be either an email or a phone number."
        }
        _ => return Ok(()),
    };
    Err(IdentityError::invalid_parameter(message))
}

/// A username that looks like an alias could take over somebody's sign-in name.
fn check_alias_form(pool: &UserPool, username: &str) -> Result<(), IdentityError> {
    let by = |name: &str| pool.alias_attributes.iter().any(|attribute| attribute == name);
    if by("email") && attributes::is_email(username) {
        return Err(IdentityError::invalid_parameter(
            "Username cannot be of email format, since user pool is configured for email alias.",
        ));
    }
    if by("phone_number") && attributes::is_phone_number(username) {
        return Err(IdentityError::invalid_parameter(
            "Username cannot be of phone number format, since user pool is configured for phone number alias.",
        ));
    }
    Ok(())
}

/// Returns the attribute that a username is, in pools whose usernames are addresses.
pub(crate) fn username_attribute(pool: &UserPool, username: &str) -> Option<&'static str> {
    if pool.username_attributes.is_empty() {
        return None;
    }
    Some(if username.contains('@') {
        "email"
    } else {
        "phone_number"
    })
}

/// Returns a user as administrators see it.
pub(crate) fn describe(user: &User) -> UserDescription {
    let sub = ("sub".to_owned(), user.sub.to_string());
    let attributes = user
        .attributes
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()));
    UserDescription {
        username: user.username.clone(),
        attributes: std::iter::once(sub).chain(attributes).collect(),
        user_create_date: user.user_create_date,
        user_last_modified_date: user.user_last_modified_date,
        enabled: user.enabled,
        user_status: user.user_status,
    }
}

/// Returns the refusal of a name that nobody has.
pub(crate) fn no_such_user() -> IdentityError {
    IdentityError::user_not_found("User does not exist.")
}

impl Identity {
    /// Returns the user called `name`: by username, by `sub`, or by an alias.
    pub(crate) async fn find_user(
        &self,
        scope: &Scope,
        pool: &UserPool,
        name: &str,
    ) -> Result<Option<Versioned<User>>, IdentityError> {
        if let Some(user) = self.read(&user_key(scope, pool, name)).await? {
            return Ok(Some(user));
        }
        // The `sub` first: users choose some of their aliases, and one could choose another's `sub`.
        let by_alias = inside(&pool.id, &folded(pool, name));
        let by_sub = inside(&pool.id, name);
        for (lookup, value) in [(SUB_LOOKUP, by_sub), (ALIAS_LOOKUP, by_alias)] {
            for key in self.store.find(kinds::USER, lookup, &value).await? {
                if let Some(user) = self.read(&key).await? {
                    return Ok(Some(user));
                }
            }
        }
        Ok(None)
    }

    /// Returns the user called `name`, or AWS's refusal.
    pub(crate) async fn user(
        &self,
        scope: &Scope,
        pool: &UserPool,
        name: &str,
    ) -> Result<Versioned<User>, IdentityError> {
        self.find_user(scope, pool, name).await?.ok_or_else(no_such_user)
    }

    /// Changes the user called `name` by `change`, again from the start when somebody else was first.
    pub(crate) async fn change_user(
        &self,
        scope: &Scope,
        pool: &UserPool,
        name: &str,
        mut change: impl FnMut(&mut User) -> Result<(), IdentityError>,
    ) -> Result<User, IdentityError> {
        for _ in 0..ATTEMPTS_MAX {
            let found = self.user(scope, pool, name).await?;
            let expect = found.expect();
            let mut user = found.value;
            change(&mut user)?;
            user.user_last_modified_date = self.clock.now();
            let batch = Batch::new().with(put_user(scope, pool, &user, expect)?);
            match self.store.commit(batch).await {
                Ok(_) => return Ok(user),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(alias_taken(pool, &user, error)),
            }
        }
        Err(IdentityError::too_many_requests("Too many requests")
            .because("the user is being changed all the time"))
    }

    /// Writes a new user.
    pub(crate) async fn commit_new_user(
        &self,
        scope: &Scope,
        pool: &UserPool,
        user: &User,
        rest: Batch,
    ) -> Result<(), IdentityError> {
        let mut batch = Batch::new().with(put_user(scope, pool, user, Expect::Absent)?);
        batch.append(rest);
        match self.store.commit(batch).await {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict { .. }) => Err(IdentityError::username_exists("User already exists")),
            Err(error) => Err(alias_taken(pool, user, error)),
        }
    }

    /// Frees the aliases of `user` that others hold: what `ForceAliasCreation` asks for.
    pub(crate) async fn take_aliases(
        &self,
        scope: &Scope,
        pool: &UserPool,
        user: &User,
    ) -> Result<(), IdentityError> {
        for alias in aliases(pool, user) {
            let holders = self
                .store
                .find(kinds::USER, ALIAS_LOOKUP, &inside(&pool.id, &alias))
                .await?;
            for key in holders {
                let Some(holder) = self.read::<User>(&key).await? else {
                    continue;
                };
                if holder.value.sub == user.sub {
                    continue;
                }
                let pool_aliases = pool.alias_attributes.clone();
                self.change_user(scope, pool, &holder.value.username, |holder| {
                    let held: Vec<String> = pool_aliases
                        .iter()
                        .filter(|name| {
                            holder
                                .attributes
                                .get(*name)
                                .is_some_and(|value| folded(pool, value) == alias)
                        })
                        .cloned()
                        .collect();
                    for name in held {
                        match name.as_str() {
                            "preferred_username" => drop(holder.attributes.remove(&name)),
                            _ => drop(
                                holder
                                    .attributes
                                    .insert(format!("{name}_verified"), "false".into()),
                            ),
                        }
                    }
                    Ok(())
                })
                .await?;
            }
        }
        Ok(())
    }
}

/// Says in AWS's words that somebody else has the name.
pub(crate) fn alias_taken(pool: &UserPool, user: &User, error: StoreError) -> IdentityError {
    let StoreError::Taken { value, .. } = &error else {
        return error.into();
    };
    let named = |name: &&String| {
        user.attributes
            .get(*name)
            .is_some_and(|held| inside(&pool.id, &folded(pool, held)) == *value)
    };
    if let Some(name) = pool.username_attributes.iter().find(named) {
        return IdentityError::username_exists(format!("An account with the given {name} already exists."));
    }
    let name = pool
        .alias_attributes
        .iter()
        .find(named)
        .map_or("alias", String::as_str);
    IdentityError::alias_exists(format!("An account with the {name} already exists."))
}
