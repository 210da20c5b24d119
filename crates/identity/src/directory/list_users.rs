//! `ListUsers`: filters in AWS's little language, pages, and only the attributes asked for.
//!
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html>

use portcullis_model::{
    Scope,
    resources::cognito::{User, UserPool},
};
use portcullis_store::{Page, kinds, typed::Versioned};

use super::{
    Listing, PageRequest, UserDescription, paging,
    users::{self, SEARCHED},
};
use crate::{Identity, IdentityError, records::inside};

/// What `ListUsers` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListUsers {
    pub user_pool_id: String,
    /// None for all, empty for none.
    pub attributes_to_get: Option<Vec<String>>,
    /// `attribute = "value"` or `attribute ^= "prefix"`.
    pub filter: Option<String>,
    pub page: PageRequest,
}

const USERS_PER_PAGE_MAX: u32 = 60;
const FILTER_CHARACTERS_MAX: usize = 256;
/// Users looked at for one page of a filter that needs to look at each; the page then ends early, with a token.
const USERS_LOOKED_AT_MAX: usize = 20_000;
const USERS_PER_READ: usize = 500;
/// Attributes that AWS lets a filter name.
const FILTERS: &[&str] = &[
    "username",
    "email",
    "phone_number",
    "name",
    "given_name",
    "family_name",
    "preferred_username",
    "cognito:user_status",
    "status",
    "sub",
];

/// A filter, understood.
#[derive(Debug, PartialEq, Eq)]
struct Filter {
    attribute: String,
    value: String,
    /// `^=` rather than `=`.
    prefix: bool,
}

impl Identity {
    /// `ListUsers`
    pub async fn list_users(
        &self,
        scope: &Scope,
        input: ListUsers,
    ) -> Result<Listing<UserDescription>, IdentityError> {
        let pool = self.pool(scope, &input.user_pool_id).await?.value;
        let size = input.page.size(USERS_PER_PAGE_MAX)?;
        let filter = input.filter.as_deref().map(Filter::parse).transpose()?.flatten();
        check_attributes(&pool, input.attributes_to_get.as_deref())?;
        let listing = format!(
            "users/{}/{}",
            pool.id,
            input.filter.as_deref().unwrap_or_default()
        );
        let after = input.page.after(&listing)?;
        let found = match &filter {
            Some(filter)
                if !filter.prefix
                    && (SEARCHED.contains(&filter.attribute.as_str()) || filter.attribute == "sub") =>
            {
                self.look_up(&pool, filter, after.as_deref(), size).await?
            }
            _ => self.scan(scope, &pool, filter.as_ref(), after, size).await?,
        };
        let next = found.1.map(|last| paging::token(&listing, &last));
        let wanted = input.attributes_to_get;
        let items = found
            .0
            .iter()
            .map(|user| narrowed(users::describe(user), wanted.as_deref()))
            .collect();
        Ok(Listing { items, next })
    }

    /// Finds by an index; the second of the pair is where the next page starts.
    async fn look_up(
        &self,
        pool: &UserPool,
        filter: &Filter,
        after: Option<&str>,
        size: usize,
    ) -> Result<(Vec<User>, Option<String>), IdentityError> {
        let (name, value) = match SEARCHED.iter().find(|name| **name == filter.attribute) {
            Some(name) => (*name, filter.value.to_lowercase()),
            None => (users::SUB_LOOKUP, filter.value.clone()),
        };
        let mut keys = self
            .store
            .find(kinds::USER, name, &inside(&pool.id, &value))
            .await?;
        keys.sort_by(|one, other| one.id.cmp(&other.id));
        let mut found = Vec::new();
        for key in keys
            .into_iter()
            .filter(|key| after.is_none_or(|after| key.id.as_str() > after))
        {
            let Some(user) = self.read::<User>(&key).await? else {
                continue;
            };
            if !filter.accepts(pool, &user.value) {
                continue;
            }
            if found.len() == size {
                let last = found.last().map(|user: &Versioned<User>| user.key.id.clone());
                return Ok((found.into_iter().map(|user| user.value).collect(), last));
            }
            found.push(user);
        }
        Ok((found.into_iter().map(|user| user.value).collect(), None))
    }

    /// Looks at one user after the other; the second of the pair is where the next page starts.
    async fn scan(
        &self,
        scope: &Scope,
        pool: &UserPool,
        filter: Option<&Filter>,
        mut after: Option<String>,
        size: usize,
    ) -> Result<(Vec<User>, Option<String>), IdentityError> {
        let mut found: Vec<User> = Vec::new();
        let mut looked_at = 0;
        loop {
            let limit = if filter.is_some() {
                USERS_PER_READ
            } else {
                size + 1
            };
            let page = Page {
                prefix: inside(&pool.id, ""),
                after: after.clone(),
                limit,
            };
            let users = self.list::<User>(scope, kinds::USER, page).await?;
            let more = users.len() == limit;
            for user in users {
                looked_at += 1;
                if filter.is_none_or(|filter| filter.accepts(pool, &user.value)) {
                    if found.len() == size {
                        return Ok((found, after));
                    }
                    found.push(user.value);
                }
                after = Some(user.key.id);
            }
            if !more {
                return Ok((found, None));
            }
            if looked_at >= USERS_LOOKED_AT_MAX {
                return Ok((found, after));
            }
        }
    }
}

impl Filter {
    /// Reads a filter; none when it is empty.
    fn parse(text: &str) -> Result<Option<Self>, IdentityError> {
        let refused = || IdentityError::invalid_parameter("Error while parsing filter");
        if text.chars().count() > FILTER_CHARACTERS_MAX {
            return Err(refused());
        }
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let (left, quoted) = text.split_once('"').ok_or_else(refused)?;
        let left = left.trim_end();
        let (attribute, prefix) = match left.strip_suffix("^=") {
            Some(attribute) => (attribute, true),
            None => (left.strip_suffix('=').ok_or_else(refused)?, false),
        };
        // AWS lets the attribute stand in quotation marks of its own, escaped or not; nobody writes that.
        let attribute = attribute.trim();
        let value = unquoted(quoted).ok_or_else(refused)?;
        if !FILTERS.contains(&attribute) {
            return Err(IdentityError::invalid_parameter(format!(
                "Invalid search attribute: {attribute}"
            )));
        }
        Ok(Some(Self {
            attribute: attribute.to_owned(),
            value,
            prefix,
        }))
    }

    fn accepts(&self, pool: &UserPool, user: &User) -> bool {
        let held = match self.attribute.as_str() {
            "username" => Some(user.username.as_str()),
            "sub" => Some(user.sub.as_str()),
            "cognito:user_status" => Some(user.user_status.as_str()),
            "status" => Some(if user.enabled { "Enabled" } else { "Disabled" }),
            name => user.attributes.get(name).map(String::as_str),
        };
        // Names that sign in compare as the pool compares them; states compare without case, as on AWS.
        let fold = |text: &str| match self.attribute.as_str() {
            "cognito:user_status" | "status" => text.to_lowercase(),
            "username" | "email" | "preferred_username" => users::folded(pool, text),
            _ => text.to_owned(),
        };
        let wanted = fold(&self.value);
        held.map(fold).is_some_and(|held| {
            if self.prefix {
                held.starts_with(&wanted)
            } else {
                held == wanted
            }
        })
    }
}

/// Returns what stands before the closing quotation mark, with which the text must end; `\"` and `\\` are escapes.
fn unquoted(text: &str) -> Option<String> {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => value.push(characters.next()?),
            '"' => return characters.as_str().trim().is_empty().then_some(value),
            other => value.push(other),
        }
    }
    None
}

fn check_attributes(pool: &UserPool, wanted: Option<&[String]>) -> Result<(), IdentityError> {
    let known = |name: &String| pool.schema_attributes.iter().any(|schema| schema.name == *name);
    match wanted.into_iter().flatten().find(|name| !known(name)) {
        None => Ok(()),
        Some(name) => Err(IdentityError::invalid_parameter(format!(
            "One or more requested attributes do not exist: {name}"
        ))),
    }
}

fn narrowed(mut user: UserDescription, wanted: Option<&[String]>) -> UserDescription {
    if let Some(wanted) = wanted {
        user.attributes.retain(|(name, _)| wanted.contains(name));
    }
    user
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_awss_documentation_are_read() {
        for (text, attribute, value, prefix) in [
            ("family_name = \"Reddy\"", "family_name", "Reddy", false),
            ("given_name^=\"Jon\"", "given_name", "Jon", true),
            (
                "cognito:user_status = \"CONFIRMED\" ",
                "cognito:user_status",
                "CONFIRMED",
                false,
            ),
            ("email=\"a\\\"b@c\"", "email", "a\"b@c", false),
        ] {
            let filter = Filter::parse(text).unwrap().unwrap();
            assert_eq!(
                (filter.attribute.as_str(), filter.value.as_str(), filter.prefix),
                (attribute, value, prefix)
            );
        }
        assert_eq!(Filter::parse("").unwrap(), None);
    }

    #[test]
    fn what_is_no_filter_is_refused_in_awss_words() {
        for text in [
            "email",
            "email = x",
            "email = \"x",
            "email \"x\"",
            "email = \"x\" and name = \"y\"",
        ] {
            let refused = Filter::parse(text).unwrap_err().to_string();
            assert_eq!(
                refused, "InvalidParameterException: Error while parsing filter",
                "{text}"
            );
        }
        assert_eq!(
            Filter::parse("custom:foo = \"x\"").unwrap_err().to_string(),
            "InvalidParameterException: Invalid search attribute: custom:foo"
        );
    }
}
