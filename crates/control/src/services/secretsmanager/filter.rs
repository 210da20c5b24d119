//! Which secrets a listing shows, and in pages of what order.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Filter.html>: the values of a filter are
//! alternatives, filters must all hold, `!` before a value turns it round. Names and tags match by how they begin, upper
//! and lower case apart; descriptions by how a word begins, without that difference.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis_model::Timestamp;
use portcullis_vault::secrets::Secret;

use super::rules::invalid;
use crate::{
    input::{Input, Text},
    operation::AwsError,
};

/// Filters of a listing.
const FILTERS_MAX: usize = 10;
/// Alternatives of a filter.
const VALUES_MAX: usize = 10;

const KEYS: [&str; 7] = [
    "description",
    "name",
    "tag-key",
    "tag-value",
    "primary-region",
    "owning-service",
    "all",
];
const ORDERS: [&str; 4] = ["created-date", "last-accessed-date", "last-changed-date", "name"];

/// One filter.
pub(super) struct Filter {
    key: String,
    values: Vec<String>,
}

/// Reads the filters of a listing.
pub(super) fn read(input: &mut Input<'_>) -> Result<Vec<Filter>, AwsError> {
    let filters = input
        .structures("Filters", &["Key", "Values"], |filter| {
            let key = filter.one_of("Key", &KEYS);
            filter.require("Key", key.is_some());
            let values = filter.texts("Values", Text::up_to(512));
            filter.require("Values", values.is_some());
            Filter {
                key: key.unwrap_or_default().to_owned(),
                values: values.unwrap_or_default(),
            }
        })
        .unwrap_or_default();
    let fits = |filter: &Filter| (1..=VALUES_MAX).contains(&filter.values.len());
    if filters.len() > FILTERS_MAX || !filters.iter().all(fits) {
        return Err(invalid(format!(
            "A listing takes at most {FILTERS_MAX} filters with 1 to {VALUES_MAX} values each."
        )));
    }
    Ok(filters)
}

impl Filter {
    /// Tells whether the filter lets `secret` through.
    pub(super) fn admits(&self, secret: &Secret) -> bool {
        self.values.iter().any(|value| match value.strip_prefix('!') {
            Some(value) => !self.matches(secret, value),
            None => self.matches(secret, value),
        })
    }

    fn matches(&self, secret: &Secret, value: &str) -> bool {
        match self.key.as_str() {
            "name" => secret.name.starts_with(value),
            "description" => begins_a_word(secret.description.as_deref().unwrap_or_default(), value),
            "tag-key" => secret.tags.keys().any(|key| key.starts_with(value)),
            "tag-value" => secret.tags.values().any(|tag| tag.starts_with(value)),
            "all" => value.split_whitespace().all(|word| anywhere(secret, word)),
            // No secret here is a replica, or belongs to a service of AWS.
            _ => false,
        }
    }
}

fn anywhere(secret: &Secret, word: &str) -> bool {
    let tags = secret.tags.iter().flat_map(|(key, value)| [key, value]);
    let texts = [
        secret.name.as_str(),
        secret.description.as_deref().unwrap_or_default(),
    ];
    let mut all = texts.into_iter().chain(tags.map(String::as_str));
    all.any(|text| begins_a_word(text, word))
}

fn begins_a_word(text: &str, start: &str) -> bool {
    let (text, start) = (text.to_lowercase(), start.to_lowercase());
    let mut before = None;
    text.char_indices().any(|(at, character)| {
        let begins = before.is_none_or(|before: char| !before.is_alphanumeric());
        before = Some(character);
        begins && text.get(at..).is_some_and(|rest| rest.starts_with(&start))
    })
}

/// In what order a listing is, and from where it goes on.
pub(super) struct Order {
    by: String,
    ascending: bool,
    after: Option<String>,
}

/// Reads order and page.
pub(super) fn order(input: &mut Input<'_>) -> Result<Order, AwsError> {
    let ascending = input.one_of("SortOrder", &["asc", "desc"]) == Some("asc");
    let by = input
        .one_of("SortBy", &ORDERS)
        .unwrap_or("created-date")
        .to_owned();
    Ok(Order {
        by,
        ascending,
        after: page_token(input)?,
    })
}

/// Reads where a listing goes on.
pub(super) fn page_token(input: &mut Input<'_>) -> Result<Option<String>, AwsError> {
    let Some(token) = input.text("NextToken", Text::up_to(4096)) else {
        return Ok(None);
    };
    let read = URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    read.map(Some).ok_or_else(|| {
        AwsError::new(
            "InvalidNextTokenException",
            400,
            "You provided an invalid NextToken value.",
        )
    })
}

/// Takes a page of at most `limit` from `all`, which is in the order of its keys; returns the next page's token.
pub(super) fn page<T>(
    all: Vec<(String, T)>,
    after: Option<&str>,
    limit: usize,
    ascending: bool,
) -> (Vec<T>, Option<String>) {
    let follows = |key: &str| match after {
        None => true,
        Some(after) if ascending => key > after,
        Some(after) => key < after,
    };
    let mut rest = all.into_iter().filter(|(key, _)| follows(key)).peekable();
    let mut taken = Vec::new();
    let mut last = None;
    while taken.len() < limit
        && let Some((key, item)) = rest.next()
    {
        taken.push(item);
        last = Some(key);
    }
    let more = rest.peek().is_some();
    (
        taken,
        last.filter(|_| more).map(|key| URL_SAFE_NO_PAD.encode(key)),
    )
}

impl Order {
    /// Sorts secrets and takes a page of at most `limit`.
    pub(super) fn page(&self, secrets: Vec<Secret>, limit: usize) -> (Vec<Secret>, Option<String>) {
        let date = |date: Timestamp| format!("{:020}", date.millis());
        let key = |secret: &Secret| {
            let first = match self.by.as_str() {
                "name" => String::new(),
                "last-accessed-date" => date(secret.last_accessed.unwrap_or_default()),
                "last-changed-date" => date(secret.last_changed),
                _ => date(secret.created),
            };
            format!("{first} {}", secret.name)
        };
        let mut keyed: Vec<(String, Secret)> =
            secrets.into_iter().map(|secret| (key(&secret), secret)).collect();
        keyed.sort_by(|left, right| left.0.cmp(&right.0));
        if !self.ascending {
            keyed.reverse();
        }
        page(keyed, self.after.as_deref(), limit, self.ascending)
    }
}
