//! `TIMESTAMP` of the password claim: `EEE MMM d HH:mm:ss UTC yyyy` in English, the day without a leading zero.

use portcullis_model::Timestamp;
use time::{Date, Month, PrimitiveDateTime, Time};

const TEXT_BYTES_MAX: usize = 32;
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Reads a timestamp; none when it is not one. A leading zero of the day is forgiven.
pub fn parse_timestamp(text: &str) -> Option<Timestamp> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let mut parts = text.split(' ');
    let weekday = parts.next()?;
    let month = parts.next()?;
    let day = number(parts.next()?, 1..=2)?;
    let mut clock = parts.next()?.split(':');
    let mut two_digits = || number(clock.next()?, 2..=2).and_then(|value| u8::try_from(value).ok());
    let time = Time::from_hms(two_digits()?, two_digits()?, two_digits()?).ok()?;
    let zone = parts.next()?;
    let year = number(parts.next()?, 4..=4)?;
    if !WEEKDAYS.contains(&weekday) || zone != "UTC" || clock.next().is_some() || parts.next().is_some() {
        return None;
    }
    let index = MONTHS.iter().position(|name| *name == month)?;
    let month = Month::try_from(u8::try_from(index + 1).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
    Some(Timestamp::from_seconds(
        PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp(),
    ))
}

/// Writes a timestamp as Cognito's clients do.
pub fn format_timestamp(at: Timestamp) -> String {
    let at = at.utc();
    let name = |names: &[&'static str], index: u8| names.get(usize::from(index)).copied().unwrap_or_default();
    format!(
        "{} {} {} {:02}:{:02}:{:02} UTC {:04}",
        name(&WEEKDAYS, at.weekday().number_days_from_monday()),
        name(&MONTHS, u8::from(at.month()) - 1),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.year()
    )
}

fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<u16> {
    let is_number = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}
