//! Members of REST-JSON inputs and outputs that are headers: scalars, lists, JSON, and maps by prefix.
//!
//! <https://smithy.io/2.0/spec/http-bindings.html#httpheader-trait>

use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_model::HeaderList;
use serde_json::{Map, Value};

use super::{
    scalar::{self, not_a},
    shape::{List, Member, Shape, TimestampFormat},
};
use crate::AwsError;

/// Reads a member from its header.
pub(super) fn read(member: &Member, headers: &HeaderList) -> Result<Option<Value>, AwsError> {
    let name = member.wire_name();
    let Some(text) = headers.text(name).map(str::trim) else {
        return Ok(None);
    };
    let value = match member.shape.resolved() {
        Shape::List(list) => read_list(list, text)?,
        Shape::JsonText => {
            let decoded = STANDARD.decode(text).ok();
            let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
            decoded.ok_or_else(|| not_a(text, "base64 text"))?.into()
        }
        shape => scalar::parse(shape, text, TimestampFormat::Rfc822)?,
    };
    Ok(Some(value))
}

fn read_list(list: &List, text: &str) -> Result<Value, AwsError> {
    if text.is_empty() {
        return Ok(Value::Array(Vec::new()));
    }
    // A date of RFC 822 holds a comma itself.
    let is_rfc822 = match list.member.shape.resolved() {
        Shape::Timestamp(format) => format.unwrap_or(TimestampFormat::Rfc822) == TimestampFormat::Rfc822,
        _ => false,
    };
    let parts = split(text);
    let joined: Vec<String> = if is_rfc822 {
        parts.chunks(2).map(|pair| pair.join(", ")).collect()
    } else {
        parts
    };
    joined
        .iter()
        .map(|item| scalar::parse(&list.member.shape, item, TimestampFormat::Rfc822))
        .collect()
}

/// Splits at commas outside quotes; in quotes a backslash takes the next symbol as it is.
fn split(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut quoted = false;
    let mut symbols = text.chars();
    while let Some(symbol) = symbols.next() {
        let Some(item) = items.last_mut() else { break };
        match symbol {
            '"' => quoted = !quoted,
            '\\' if quoted => item.extend(symbols.next()),
            ',' if !quoted => items.push(String::new()),
            ' ' | '\t' if !quoted && item.is_empty() => {}
            plain => item.push(plain),
        }
    }
    items
}

/// Reads a map from the headers whose names begin with the member's prefix.
pub(super) fn read_prefixed(member: &Member, headers: &HeaderList) -> Option<Value> {
    let prefix = member.wire_name();
    let mut entries = Map::new();
    for (name, value) in headers.iter() {
        let (Ok(name), Ok(value)) = (std::str::from_utf8(name), std::str::from_utf8(value)) else {
            continue;
        };
        if let Some((start, rest)) = name.split_at_checked(prefix.len())
            && start.eq_ignore_ascii_case(prefix)
            && !rest.is_empty()
        {
            entries.insert(rest.to_owned(), value.into());
        }
    }
    (!entries.is_empty()).then_some(Value::Object(entries))
}

/// Writes a member as its header.
pub(super) fn write(member: &Member, value: &Value, headers: &mut HeaderList) {
    let text = match (member.shape.resolved(), value) {
        (Shape::List(list), Value::Array(items)) => {
            let is_text = matches!(list.member.shape.resolved(), Shape::Text);
            let items = items.iter().filter_map(|item| {
                let text = scalar::render(&list.member.shape, item, TimestampFormat::Rfc822)?;
                Some(if is_text { quoted_if_needed(&text) } else { text })
            });
            Some(items.collect::<Vec<_>>().join(", "))
        }
        (Shape::JsonText, Value::String(text)) => Some(STANDARD.encode(text)),
        (shape, value) => scalar::render(shape, value, TimestampFormat::Rfc822),
    };
    push(headers, member.wire_name(), text);
}

fn quoted_if_needed(text: &str) -> String {
    if text.contains([',', '"']) {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        text.to_owned()
    }
}

/// Writes a map as headers with the member's prefix.
pub(super) fn write_prefixed(member: &Member, value: &Value, headers: &mut HeaderList) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let name = format!("{}{name}", member.wire_name());
        push(headers, &name, value.as_str().map(str::to_owned));
    }
}

/// Adds a header, unless its value could end it.
fn push(headers: &mut HeaderList, name: &str, text: Option<String>) {
    if let Some(text) = text.filter(|text| !text.contains(['\r', '\n', '\0'])) {
        headers.push(name, text);
    }
}
