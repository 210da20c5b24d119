//! The date of a request: `X-Amz-Date` in ISO 8601 basic format, or `Date`, which may also be an HTTP date
//! (RFC 9110 section 5.6.7).

use portcullis_model::Timestamp;
use time::{Date, Month, PrimitiveDateTime, Time};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Reads `20150830T123600Z`.
pub fn parse_date(text: &str) -> Option<Timestamp> {
    if text.len() != 16 || !text.is_ascii() {
        return None;
    }
    let (day, time) = text.split_once('T')?;
    let time = time.strip_suffix('Z')?;
    moment(
        day.get(..4)?,
        number(day.get(4..6)?)?,
        day.get(6..8)?,
        [time.get(..2)?, time.get(2..4)?, time.get(4..6)?],
    )
}

/// Reads an HTTP date of the preferred form, `Sun, 30 Aug 2015 12:36:00 GMT`.
pub(super) fn parse_http_date(text: &str) -> Option<Timestamp> {
    if text.len() != 29 || !text.is_ascii() {
        return None;
    }
    let mut parts = text.get(5..)?.split(' ');
    let day = parts.next()?;
    let name = parts.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? + 1;
    let year = parts.next()?;
    let mut clock = parts.next()?.split(':');
    let time = [clock.next()?, clock.next()?, clock.next()?];
    let is_complete = parts.next() == Some("GMT") && parts.next().is_none() && clock.next().is_none();
    if !is_complete {
        return None;
    }
    moment(year, u16::try_from(month).ok()?, day, time)
}

/// Writes `20150830T123600Z`.
pub fn format_date(at: Timestamp) -> String {
    let at = at.utc();
    format!(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

fn moment(year: &str, month: u16, day: &str, [hour, minute, second]: [&str; 3]) -> Option<Timestamp> {
    let small = |text: &str| number(text).and_then(|value| u8::try_from(value).ok());
    if year.len() != 4 {
        return None;
    }
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::from(number(year)?), month, small(day)?).ok()?;
    let time = Time::from_hms(small(hour)?, small(minute)?, small(second)?).ok()?;
    let seconds = PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp();
    Some(Timestamp::from_seconds(seconds))
}

fn number(text: &str) -> Option<u16> {
    // `parse` alone would accept a sign.
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}
