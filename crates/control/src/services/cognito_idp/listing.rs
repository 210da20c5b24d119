//! Pages of listings: how they are asked for, and how they are answered.

use portcullis_identity::directory::{Listing, PageRequest};
use serde_json::{Map, Value};

use super::rules;
use crate::input::Input;

/// Reads which page is asked for: at most `max` items, in the members that the operation calls `limit` and `token`.
pub(super) fn page(input: &mut Input<'_>, limit: &str, max: u32, token: &str) -> PageRequest {
    PageRequest {
        limit: input.unsigned(limit, max),
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
