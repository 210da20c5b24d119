//! The AWS Query protocol: a form in, XML out. Lists are `Name.member.1`, structures `Name.Member`.
//!
//! <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>

use std::fmt::Write as _;

use portcullis_model::HeaderList;
use serde_json::{Map, Value};

use super::{WireAnswer, WireCall};
use crate::{AwsError, operation::Service};

const CONTENT_TYPE: &str = "text/xml";
/// Fields of one form.
const FIELDS_MAX: usize = 2_000;
/// Dots in one name.
const DEPTH_MAX: usize = 32;
/// The highest index of a list.
const INDEX_MAX: usize = 1_000;

/// Reads `Action`, and the other fields as a tree.
pub fn parse(service: &'static Service, query: &str, body: &[u8]) -> Result<WireCall, AwsError> {
    let body = std::str::from_utf8(body).map_err(|_| malformed("the form is not UTF-8"))?;
    let mut fields = parse_form(query)?;
    fields.extend(parse_form(body)?);
    fields.retain(|(name, _)| !name.starts_with("X-Amz-"));
    let mut take = |wanted: &str| {
        let at = fields.iter().position(|(name, _)| name == wanted)?;
        Some(fields.remove(at).1)
    };
    let name = take("Action").ok_or_else(|| {
        AwsError::new(
            "MissingAction",
            400,
            "The request is missing an action or a required parameter.",
        )
    })?;
    drop(take("Version"));
    Ok(WireCall {
        operation: service.operation(&name),
        name,
        input: parse_tree(fields)?,
    })
}

fn malformed(message: impl Into<String>) -> AwsError {
    AwsError::new("MalformedQueryString", 400, message)
}

/// Reads `application/x-www-form-urlencoded` fields, in order.
pub(crate) fn parse_form(text: &str) -> Result<Vec<(String, String)>, AwsError> {
    let fields = text.split('&').filter(|field| !field.is_empty());
    let mut read = Vec::new();
    for field in fields {
        if read.len() >= FIELDS_MAX {
            return Err(malformed(format!("more than {FIELDS_MAX} fields")));
        }
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        let decode = |part: &str| {
            super::rest_json::decode(part.replace('+', " "))
                .ok_or_else(|| malformed(format!("`{field}` is not valid percent-encoded UTF-8")))
        };
        read.push((decode(name)?, decode(value)?));
    }
    Ok(read)
}

/// Builds the tree that dotted names spell: `member.N` and `entry.N` make lists, in the order of N.
pub fn parse_tree(fields: Vec<(String, String)>) -> Result<Map<String, Value>, AwsError> {
    let mut root = Map::new();
    for (name, value) in fields {
        let parts: Vec<&str> = name.split('.').collect();
        if parts.len() > DEPTH_MAX {
            return Err(malformed(format!("`{name}` is nested too deeply")));
        }
        insert(&mut root, &parts, value)
            .ok_or_else(|| malformed(format!("`{name}` contradicts another field")))?;
    }
    Ok(root
        .into_iter()
        .map(|(name, value)| (name, lists(value)))
        .collect())
}

fn insert(node: &mut Map<String, Value>, parts: &[&str], value: String) -> Option<()> {
    let (first, rest) = parts.split_first()?;
    if rest.is_empty() {
        return node
            .insert((*first).to_owned(), Value::String(value))
            .is_none()
            .then_some(());
    }
    let child = node
        .entry((*first).to_owned())
        .or_insert_with(|| Value::Object(Map::new()));
    insert(child.as_object_mut()?, rest, value)
}

/// Turns `{"member": {"1": a, "2": b}}` into `[a, b]`, and numbered keys without `member` (flattened lists) too.
fn lists(value: Value) -> Value {
    let Value::Object(mut object) = value else {
        return value;
    };
    if object.len() == 1
        && let Some(Value::Object(members)) = object.get_mut("member")
        && numbered(members)
    {
        return list(std::mem::take(members));
    }
    if object.len() == 1 && object.get("member").is_some_and(|member| member == "") {
        return Value::Array(Vec::new());
    }
    if !object.is_empty() && numbered(&object) {
        return list(object);
    }
    Value::Object(
        object
            .into_iter()
            .map(|(name, value)| (name, lists(value)))
            .collect(),
    )
}

fn numbered(object: &Map<String, Value>) -> bool {
    object.keys().all(|key| {
        key.parse::<usize>()
            .is_ok_and(|index| (1..=INDEX_MAX).contains(&index))
    })
}

fn list(object: Map<String, Value>) -> Value {
    let mut members: Vec<(usize, Value)> = object
        .into_iter()
        .filter_map(|(index, value)| Some((index.parse().ok()?, lists(value))))
        .collect();
    members.sort_by_key(|(index, _)| *index);
    Value::Array(members.into_iter().map(|(_, value)| value).collect())
}

/// Writes a result: `<OpResponse><OpResult>…</OpResult><ResponseMetadata>…`.
pub fn serialise(namespace: &str, name: &str, output: &Value, request_id: &str) -> WireAnswer {
    let mut xml = format!("<{name}Response xmlns=\"{namespace}\">");
    if output.is_object() {
        let _ = write!(xml, "<{name}Result>");
        write_value(&mut xml, output);
        let _ = write!(xml, "</{name}Result>");
    }
    let _ = write!(
        xml,
        "<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>"
    );
    answer(200, xml)
}

/// Writes an error: `<ErrorResponse><Error><Type>Sender</Type>…`.
pub fn serialise_error(namespace: &str, error: &AwsError, request_id: &str) -> WireAnswer {
    let fault = if error.status < 500 { "Sender" } else { "Receiver" };
    let mut xml = format!(
        "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{fault}</Type><Code>{}</Code><Message>",
        error.code
    );
    escape(&mut xml, &error.message);
    let _ = write!(
        xml,
        "</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    );
    answer(error.status, xml)
}

fn answer(status: u16, xml: String) -> WireAnswer {
    WireAnswer {
        status,
        content_type: CONTENT_TYPE,
        body: xml.into(),
        headers: HeaderList::new(),
    }
}

fn write_value(xml: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(truth) => xml.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => {
            let _ = write!(xml, "{number}");
        }
        Value::String(text) => escape(xml, text),
        Value::Array(members) => {
            for member in members {
                xml.push_str("<member>");
                write_value(xml, member);
                xml.push_str("</member>");
            }
        }
        Value::Object(object) => {
            for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
                let _ = write!(xml, "<{name}>");
                write_value(xml, value);
                let _ = write!(xml, "</{name}>");
            }
        }
    }
}

/// Escapes text for XML 1.0; characters that XML cannot carry become U+FFFD.
fn escape(xml: &mut String, text: &str) {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dotted_names_spell_a_tree() {
        let form = "StackName=a&Parameters.member.2.ParameterKey=K2&Parameters.member.1.ParameterKey=K1&Parameters.member.1.ParameterValue=a%26b+c&Tags=";
        let tree = parse_tree(parse_form(form).unwrap()).unwrap();
        assert_eq!(
            Value::Object(tree),
            json!({
                "StackName": "a",
                "Parameters": [{"ParameterKey": "K1", "ParameterValue": "a&b c"}, {"ParameterKey": "K2"}],
                "Tags": ""
            })
        );
    }

    #[test]
    fn contradicting_names_are_refused() {
        for form in ["A=1&A=2", "A=1&A.B=2", "A.B=2&A=1"] {
            assert!(parse_tree(parse_form(form).unwrap()).is_err(), "{form}");
        }
    }

    #[test]
    fn text_is_escaped() {
        let answer = serialise(
            "urn:x",
            "Get",
            &json!({"Body": "<a>&\u{1}", "List": [1, true]}),
            "id",
        );
        assert_eq!(
            std::str::from_utf8(&answer.body).unwrap(),
            "<GetResponse xmlns=\"urn:x\"><GetResult><Body>&lt;a&gt;&amp;\u{fffd}</Body><List><member>1</member><member>true</member></List></GetResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></GetResponse>"
        );
    }
}
