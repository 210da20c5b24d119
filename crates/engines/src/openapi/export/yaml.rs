//! Writes JSON as YAML in blocks. Every text stands in double quotes, so none is taken for a number, a date or a boolean by
//! any reader: JSON's escapes are YAML's (<https://yaml.org/spec/1.2.2/#57-escaped-characters>).

use serde_json::Value;

/// Renders a document.
pub fn render_yaml(value: &Value) -> String {
    let mut out = String::from("---\n");
    block(value, 0, &mut out);
    out
}

fn block(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                out.push_str(&"  ".repeat(indent));
                out.push_str(&key(name));
                out.push(':');
                nested(member, indent + 1, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                out.push_str(&"  ".repeat(indent));
                out.push('-');
                nested(item, indent + 1, out);
            }
        }
        scalar => {
            out.push_str(&flow(scalar));
            out.push('\n');
        }
    }
}

fn nested(value: &Value, indent: usize, out: &mut String) {
    let is_block = match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if is_block {
        out.push('\n');
        block(value, indent, out);
    } else {
        out.push(' ');
        out.push_str(&flow(value));
        out.push('\n');
    }
}

/// JSON in one line is YAML; what a line must not hold is escaped.
fn flow(value: &Value) -> String {
    let text = value.to_string();
    let mut safe = String::with_capacity(text.len());
    for symbol in text.chars() {
        // Line breaks of Unicode and what YAML does not print: JSON lets them stand.
        if matches!(
            symbol,
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        ) {
            safe.push_str(&format!("\\u{:04x}", u32::from(symbol)));
        } else {
            safe.push(symbol);
        }
    }
    safe
}

/// A key of letters stands without quotes.
fn key(name: &str) -> String {
    let is_plain = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    // `on`, `null` and the like are no texts to every reader.
    let is_word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        .contains(&name.to_ascii_lowercase().as_str());
    if is_plain && !is_word {
        name.to_owned()
    } else {
        flow(&Value::from(name))
    }
}
