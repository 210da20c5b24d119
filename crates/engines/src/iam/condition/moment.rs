//! Dates of conditions: ISO 8601 as the W3C profiles it (a year alone is read as seconds), or seconds since the epoch.

use time::{
    Date, OffsetDateTime,
    format_description::well_known::{Iso8601, Rfc3339},
};

/// Returns the moment in nanoseconds since the epoch.
pub(super) fn parse(text: &str) -> Option<i128> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Some(i128::from(seconds) * 1_000_000_000);
    }
    if let Ok(moment) = OffsetDateTime::parse(text, &Rfc3339) {
        return Some(moment.unix_timestamp_nanos());
    }
    if let Ok(moment) = OffsetDateTime::parse(text, &Iso8601::PARSING) {
        return Some(moment.unix_timestamp_nanos());
    }
    let date = Date::parse(text, &Iso8601::DATE).ok()?;
    Some(date.midnight().assume_utc().unix_timestamp_nanos())
}
