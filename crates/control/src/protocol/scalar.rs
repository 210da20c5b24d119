//! Scalars as text: in paths, queries, headers, forms and XML.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Number, Value};
use time::{
    OffsetDateTime,
    format_description::well_known::{Rfc2822, Rfc3339},
};

use super::shape::{Shape, TimestampFormat};
use crate::AwsError;

/// Reads a scalar from text.
pub(super) fn parse(shape: &Shape, text: &str, format: TimestampFormat) -> Result<Value, AwsError> {
    let wrong = |expected: &str| not_a(text, expected);
    match shape.resolved() {
        Shape::Integer => text
            .trim()
            .parse::<i64>()
            .map(Value::from)
            .map_err(|_| wrong("whole number")),
        Shape::Float => match text.trim() {
            special @ ("NaN" | "Infinity" | "-Infinity") => Ok(special.into()),
            plain => number(plain).ok_or_else(|| wrong("number")),
        },
        Shape::Boolean => match text.trim() {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            _ => Err(wrong("`true` or `false`")),
        },
        Shape::Timestamp(own) => {
            parse_timestamp(text.trim(), own.unwrap_or(format)).ok_or_else(|| wrong("timestamp"))
        }
        Shape::Blob => check_base64(text).map(|()| text.into()),
        _ => Ok(text.into()),
    }
}

/// Writes a scalar as text; none for what is no scalar.
pub(super) fn render(shape: &Shape, value: &Value, format: TimestampFormat) -> Option<String> {
    match (shape.resolved(), value) {
        (Shape::Timestamp(own), Value::Number(seconds)) => {
            Some(render_timestamp(seconds, own.unwrap_or(format)))
        }
        (_, Value::String(text)) => Some(text.clone()),
        (_, Value::Bool(truth)) => Some(truth.to_string()),
        (_, Value::Number(number)) => Some(number.to_string()),
        _ => None,
    }
}

/// Reads a moment, in whole seconds where it has no fraction.
pub(super) fn parse_timestamp(text: &str, format: TimestampFormat) -> Option<Value> {
    let moment = match format {
        TimestampFormat::UnixSeconds => return number(text),
        TimestampFormat::Iso8601 => OffsetDateTime::parse(text, &Rfc3339).ok()?,
        TimestampFormat::Rfc822 => OffsetDateTime::parse(text, &Rfc2822).ok()?,
    };
    match moment.millisecond() {
        0 => Some(moment.unix_timestamp().into()),
        millis => number(&format!("{}.{millis:03}", moment.unix_timestamp())),
    }
}

/// Writes a moment.
pub(super) fn render_timestamp(seconds: &Number, format: TimestampFormat) -> String {
    let millis = seconds.as_i64().map_or_else(
        || (seconds.as_f64().unwrap_or_default() * 1000.0).round() as i64,
        |whole| whole.saturating_mul(1000),
    );
    let moment = portcullis_model::Timestamp(millis);
    match format {
        TimestampFormat::UnixSeconds => seconds.to_string(),
        TimestampFormat::Iso8601 => moment.iso8601().replace(".000Z", "Z"),
        TimestampFormat::Rfc822 => {
            let date = moment.utc();
            let weekday = date.weekday().to_string();
            let month = date.month().to_string();
            format!(
                "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                weekday.get(..3).unwrap_or_default(),
                date.day(),
                month.get(..3).unwrap_or_default(),
                date.year(),
                date.hour(),
                date.minute(),
                date.second()
            )
        }
    }
}

/// Refuses what is not base64.
pub(super) fn check_base64(text: &str) -> Result<(), AwsError> {
    STANDARD
        .decode(text)
        .map(drop)
        .map_err(|_| not_a(text, "base64 text"))
}

/// Returns the refusal of a value.
pub(super) fn not_a(found: &str, expected: &str) -> AwsError {
    let shown: String = found.chars().take(64).collect();
    AwsError::new(
        "SerializationException",
        400,
        format!("`{shown}` is not a {expected}"),
    )
}

fn number(text: &str) -> Option<Value> {
    match text.parse::<i64>() {
        Ok(whole) => Some(whole.into()),
        Err(_) => text
            .parse::<f64>()
            .ok()
            .and_then(Number::from_f64)
            .map(Value::Number),
    }
}
