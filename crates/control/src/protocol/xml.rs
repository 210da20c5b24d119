//! Values as XML elements, for the answers of the Query protocol.
//!
//! <https://smithy.io/2.0/spec/protocol-traits.html#xml-bindings>

use std::fmt::Write as _;

use serde_json::Value;

use super::{
    scalar,
    shape::{Member, Namespace, Shape, TimestampFormat},
};

/// Writes the content of an element.
pub(super) fn write_content(xml: &mut String, shape: &Shape, value: &Value) {
    match (shape.resolved(), value) {
        (Shape::Structure(structure), Value::Object(object)) => {
            for member in &structure.members {
                if let Some(value) = object.get(&member.name) {
                    write_member(xml, member, value);
                }
            }
        }
        (Shape::List(list), Value::Array(items)) => {
            let name = list.member.wire_name_or("member");
            for item in items {
                write_element(xml, name, &list.member, item);
            }
        }
        (Shape::Map(_), Value::Object(_)) => {
            write_entries(xml, "entry", &Member::default(), shape, value);
        }
        (_, Value::Array(items)) => {
            for item in items {
                write_element(xml, "member", &Member::default(), item);
            }
        }
        (_, Value::Object(object)) => {
            for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
                write_element(xml, name, &Member::default(), value);
            }
        }
        (shape, value) => {
            let text = scalar::render(shape, value, TimestampFormat::Iso8601);
            escape(xml, &text.unwrap_or_default());
        }
    }
}

fn write_member(xml: &mut String, member: &Member, value: &Value) {
    match (member.shape.resolved(), value) {
        (_, Value::Null) => {}
        (Shape::List(list), Value::Array(items)) if member.flattened => {
            let element = Member {
                shape: list.member.shape.clone(),
                namespace: list.member.namespace.clone(),
                ..Member::default()
            };
            for item in items {
                write_element(xml, member.wire_name(), &element, item);
            }
        }
        (Shape::Map(_), Value::Object(_)) if member.flattened => {
            write_entries(xml, member.wire_name(), member, &member.shape, value);
        }
        _ => write_element(xml, member.wire_name(), member, value),
    }
}

fn write_entries(xml: &mut String, name: &str, element: &Member, shape: &Shape, value: &Value) {
    let (Shape::Map(map), Value::Object(entries)) = (shape.resolved(), value) else {
        return;
    };
    for (key, value) in entries {
        open(xml, name, element.namespace.as_ref());
        write_element(
            xml,
            map.key.wire_name_or("key"),
            &map.key,
            &Value::from(key.as_str()),
        );
        write_element(xml, map.value.wire_name_or("value"), &map.value, value);
        close(xml, name);
    }
}

fn write_element(xml: &mut String, name: &str, member: &Member, value: &Value) {
    open(xml, name, member.namespace.as_ref());
    write_content(xml, &member.shape, value);
    close(xml, name);
}

fn open(xml: &mut String, name: &str, namespace: Option<&Namespace>) {
    // Writing to a String cannot fail.
    let _ = write!(xml, "<{name}");
    if let Some(Namespace { prefix, uri }) = namespace {
        let prefix = prefix
            .as_ref()
            .map(|prefix| format!(":{prefix}"))
            .unwrap_or_default();
        let _ = write!(xml, " xmlns{prefix}=\"{uri}\"");
    }
    xml.push('>');
}

fn close(xml: &mut String, name: &str) {
    let _ = write!(xml, "</{name}>");
}

/// Escapes text for XML 1.0; characters that XML cannot carry become U+FFFD.
pub(super) fn escape(xml: &mut String, text: &str) {
    for symbol in text.chars() {
        match symbol {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\r' => xml.push_str("&#xD;"),
            '\n' | '\t' => xml.push(symbol),
            control if control.is_control() => xml.push('\u{fffd}'),
            plain => xml.push(plain),
        }
    }
}
