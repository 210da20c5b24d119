//! What the members of these operations must be.

use std::collections::BTreeMap;

use portcullis_model::resources::wafv2::WafScope;

use super::{access, errors::invalid};
use crate::{
    input::{Input, Text},
    operation::AwsError,
};

pub(super) const NAME: Text = Text::matching(128, is_name, r"^[\w\-]+$");
pub(super) const ID: Text = Text::matching(36, is_name, r"^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$");
pub(super) const ARN: Text = Text {
    min: 20,
    ..Text::up_to(2048)
};
pub(super) const DESCRIPTION: Text =
    Text::matching(256, is_description, r"^[\w+=:#@/\-,\.][\w+=:#@/\-,\.\s]+$");
pub(super) const LOCK_TOKEN: Text = Text::matching(36, is_name, "^[0-9a-f-]{36}$");
pub(super) const METRIC: Text = Text {
    min: 1,
    ..Text::up_to(255)
};
pub(super) const VENDOR: Text = METRIC;
const MARKER: Text = Text {
    min: 1,
    ..Text::up_to(256)
};
/// Items of a page, at most.
const PAGE_ITEMS_MAX: i64 = 100;
/// Tags of one resource.
const TAGS_MAX: usize = 50;

fn is_name(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

fn is_description(text: &str) -> bool {
    text.chars()
        .all(|symbol| symbol.is_alphanumeric() || "_+=:#@/-,. ".contains(symbol))
}

/// Reads the scope.
pub(super) fn scope(input: &mut Input<'_>) -> WafScope {
    let word = input.one_of("Scope", &["CLOUDFRONT", "REGIONAL"]);
    input.require("Scope", word.is_some());
    word.and_then(access::scope_of).unwrap_or(WafScope::Regional)
}

/// What an existing thing is called.
pub(super) struct Named<'a> {
    pub(super) scope: WafScope,
    pub(super) name: &'a str,
    pub(super) id: &'a str,
}

/// Reads scope, name and id.
pub(super) fn named<'a>(input: &mut Input<'a>) -> Named<'a> {
    Named {
        scope: scope(input),
        name: input.required("Name", NAME),
        id: input.required("Id", ID),
    }
}

/// Which page of a listing.
pub(super) struct Wanted {
    pub(super) after: Option<String>,
    pub(super) limit: usize,
}

/// Reads which page is asked for.
pub(super) fn page(input: &mut Input<'_>) -> Wanted {
    let limit = input
        .integer("Limit", 1, PAGE_ITEMS_MAX)
        .unwrap_or(PAGE_ITEMS_MAX);
    Wanted {
        after: input.text("NextMarker", MARKER).map(str::to_owned),
        limit: usize::try_from(limit).unwrap_or(1),
    }
}

/// Reads tags, each key once.
pub(super) fn tags(input: &mut Input<'_>) -> Result<BTreeMap<String, String>, AwsError> {
    let listed = input.structures("Tags", &["Key", "Value"], |tag| {
        let key = tag.required(
            "Key",
            Text {
                min: 1,
                ..Text::up_to(128)
            },
        );
        (key.to_owned(), tag.required("Value", Text::up_to(256)).to_owned())
    });
    let listed = listed.unwrap_or_default();
    check_tags(listed.len())?;
    let count = listed.len();
    let tags: BTreeMap<String, String> = listed.into_iter().collect();
    if tags.len() < count {
        return Err(invalid("TAGS", "a tag key is given more than once"));
    }
    Ok(tags)
}

pub(super) fn check_tags(count: usize) -> Result<(), AwsError> {
    if count > TAGS_MAX {
        return Err(invalid("TAGS", format!("a resource has at most {TAGS_MAX} tags")));
    }
    Ok(())
}
