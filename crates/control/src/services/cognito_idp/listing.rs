//! Pages of listings: how they are asked for, and how they are answered.

use std::ops::RangeInclusive;

use portcullis_identity::directory::{Listing, PageRequest};
use serde_json::{Map, Value};

use super::rules;
use crate::input::Input;

/// Reads which page is asked for: how many items, in the members that the operation calls `limit` and `token`.
pub(super) fn page(
    input: &mut Input<'_>,
    limit: &str,
    items: RangeInclusive<u32>,
    token: &str,
) -> PageRequest {
    let (least, most) = (i64::from(*items.start()), i64::from(*items.end()));
    PageRequest {
        limit: input
            .integer(limit, least, most)
            .and_then(|number| u32::try_from(number).ok()),
        token: input.text(token, rules::PAGE_TOKEN).map(str::to_owned),
    }
}

/// Returns a page as an answer.
pub(super) fn answer<T>(
    member: &str,
    token: &str,
    listing: Listing<T>,
    describe: impl Fn(&T) -> Value,
) -> Value {
    let mut answer = Map::new();
    answer.insert(member.into(), listing.items.iter().map(describe).collect());
    if let Some(next) = listing.next {
        answer.insert(token.into(), next.into());
    }
    Value::Object(answer)
}
