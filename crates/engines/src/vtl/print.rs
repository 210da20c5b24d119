//! How does a value of the body look in a template's output? Maps as Java prints them, lists as compact JSON (recorded on API
//! Gateway), numbers as Java's `Double.toString` has them.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Number, Value};

use super::{Found, RenderError};

/// A text that refuses to grow past its limit.
pub(super) struct Output {
    text: String,
    bytes_max: usize,
}

impl Output {
    pub(super) const fn new(bytes_max: usize) -> Self {
        Self {
            text: String::new(),
            bytes_max,
        }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    pub(super) fn push(&mut self, text: &str) -> Result<(), RenderError> {
        if text.len() > self.bytes_max.saturating_sub(self.text.len()) {
            return Err(RenderError::OutputTooLong(self.bytes_max));
        }
        self.text.push_str(text);
        Ok(())
    }

    /// Prints a value of the body as Java does.
    pub(super) fn push_java(&mut self, value: &Value) -> Result<(), RenderError> {
        print_value(value, self)
    }

    pub(super) fn push_json(&mut self, value: &Value) -> Result<(), RenderError> {
        let bytes_max = self.bytes_max;
        let mut serializer = Serializer::with_formatter(self, JavaNumbers);
        value
            .serialize(&mut serializer)
            .map_err(|_| RenderError::OutputTooLong(bytes_max))
    }
}

impl io::Write for &mut Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The serializer writes whole characters.
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        self.push(text).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct JavaNumbers;

impl Formatter for JavaNumbers {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(java_double(value).as_bytes())
    }
}

/// Returns a value as a template would print it, for places that are not templates.
pub(crate) fn plain_text(found: &Found<'_>) -> String {
    let mut output = Output::new(usize::MAX);
    // INVARIANT: the only error is the limit, and there is none.
    let _ = match found {
        Found::Text(text) => output.push(text),
        // A null is as good as undefined to Velocity.
        Found::Json(value) if value.is_null() => Ok(()),
        Found::Json(value) => output.push_java(value),
    };
    output.into_text()
}

fn print_value(value: &Value, output: &mut Output) -> Result<(), RenderError> {
    match value {
        Value::Null => output.push("null"),
        Value::Bool(true) => output.push("true"),
        Value::Bool(false) => output.push("false"),
        Value::Number(number) => output.push(&number_text(number)),
        Value::String(text) => output.push(text),
        Value::Array(_) => output.push_json(value),
        Value::Object(members) => {
            output.push("{")?;
            for (position, (name, member)) in members.iter().enumerate() {
                output.push(if position == 0 { "" } else { ", " })?;
                output.push(name)?;
                output.push("=")?;
                print_value(member, output)?;
            }
            output.push("}")
        }
    }
}

fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(double) if number.is_f64() => java_double(double),
        _ => number.to_string(),
    }
}

/// `Double.toString`: plain between a thousandth and ten million, else with an exponent; always a digit after the dot.
pub(super) fn java_double(double: f64) -> String {
    let size = double.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        return format!("{double:?}");
    }
    let scientific = format!("{double:e}");
    match scientific.split_once('e') {
        Some((digits, exponent)) if digits.contains('.') => format!("{digits}E{exponent}"),
        Some((digits, exponent)) => format!("{digits}.0E{exponent}"),
        None => scientific,
    }
}
