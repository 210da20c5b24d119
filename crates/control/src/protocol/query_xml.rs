//! The AWS Query protocol: a form in, XML out. Lists are `Name.member.1`, structures `Name.Member`.
//!
//! <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>

use std::fmt::Write as _;

use portcullis_model::HeaderList;
use serde_json::{Map, Value, json};

use super::{
    WireAnswer, WireCall, scalar,
    shape::{Member, Shape, TimestampFormat},
    xml::{escape, write_content},
};
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
        input: read_input(&Shape::Any, fields)?,
    })
}

/// Reads an input from the fields of a form.
pub fn read_input(shape: &Shape, fields: Vec<(String, String)>) -> Result<Map<String, Value>, AwsError> {
    let tree = Value::Object(parse_tree(fields)?);
    match read(
        &Member::new("", super::shape::Location::Body, shape.clone()),
        &tree,
    )? {
        Some(Value::Object(input)) => Ok(input),
        _ => Ok(Map::new()),
    }
}

/// Reads a value from its part of the tree; none when there is nothing of it.
fn read(member: &Member, node: &Value) -> Result<Option<Value>, AwsError> {
    match (member.shape.resolved(), node) {
        (Shape::Structure(structure), Value::Object(fields)) => {
            let mut object = Map::new();
            for member in &structure.members {
                if let Some(node) = fields.get(member.wire_name())
                    && let Some(value) = read(member, node)?
                {
                    object.insert(member.name.clone(), value);
                }
            }
            Ok(Some(Value::Object(object)))
        }
        (Shape::List(_), Value::String(empty)) if empty.is_empty() => Ok(Some(Value::Array(Vec::new()))),
        (Shape::List(list), Value::Object(fields)) => {
            let name = list.member.wire_name_or("member");
            let items = if member.flattened {
                Some(fields)
            } else {
                fields.get(name).and_then(Value::as_object)
            };
            let items = numbered_values(items)?;
            let items = items
                .into_iter()
                .filter_map(|item| read(&list.member, item).transpose());
            Ok(Some(items.collect::<Result<_, _>>()?))
        }
        (Shape::Map(map), Value::Object(fields)) => {
            let entries = if member.flattened {
                Some(fields)
            } else {
                fields.get("entry").and_then(Value::as_object)
            };
            let mut object = Map::new();
            for entry in numbered_values(entries)? {
                let key = entry.get(map.key.wire_name_or("key")).and_then(Value::as_str);
                let key = key.ok_or_else(|| malformed("an entry of a map has no key"))?;
                if let Some(node) = entry.get(map.value.wire_name_or("value"))
                    && let Some(value) = read(&map.value, node)?
                {
                    object.insert(key.to_owned(), value);
                }
            }
            Ok(Some(Value::Object(object)))
        }
        (Shape::Any, Value::Object(fields)) if member.name.is_empty() => Ok(Some(
            fields
                .iter()
                .map(|(name, node)| (name.clone(), lists(node.clone())))
                .collect(),
        )),
        (Shape::Any, node) => Ok(Some(lists(node.clone()))),
        (shape, Value::String(text)) => scalar::parse(shape, text, TimestampFormat::Iso8601).map(Some),
        _ => Err(malformed(format!(
            "`{}` has members that it must not have",
            member.wire_name()
        ))),
    }
}

/// Returns the values of `1`, `2` and so on, in that order.
fn numbered_values(fields: Option<&Map<String, Value>>) -> Result<Vec<&Value>, AwsError> {
    let Some(fields) = fields else {
        return Ok(Vec::new());
    };
    if !numbered(fields) {
        return Err(malformed(format!(
            "the members of a list are numbered from 1 to {INDEX_MAX}"
        )));
    }
    let mut values: Vec<(usize, &Value)> = fields
        .iter()
        .filter_map(|(index, value)| Some((index.parse().ok()?, value)))
        .collect();
    values.sort_by_key(|(index, _)| *index);
    Ok(values.into_iter().map(|(_, value)| value).collect())
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

/// Builds the tree that dotted names spell.
fn parse_tree(fields: Vec<(String, String)>) -> Result<Map<String, Value>, AwsError> {
    let mut root = Map::new();
    for (name, value) in fields {
        let parts: Vec<&str> = name.split('.').collect();
        if parts.len() > DEPTH_MAX {
            return Err(malformed(format!("`{name}` is nested too deeply")));
        }
        insert(&mut root, &parts, value)
            .ok_or_else(|| malformed(format!("`{name}` contradicts another field")))?;
    }
    Ok(root)
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
pub fn serialise(namespace: &str, name: &str, shape: &Shape, output: &Value, request_id: &str) -> WireAnswer {
    let mut xml = format!("<{name}Response xmlns=\"{namespace}\">");
    // Writing to a String cannot fail.
    if output.is_object() {
        let _ = write!(xml, "<{name}Result>");
        write_content(&mut xml, shape, output);
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
    let members = json!({ "Message": error.message });
    let status = error.status;
    serialise_error_members(namespace, error.code, status, &Shape::Any, &members, request_id)
}

/// Writes an error that has members of its own.
pub fn serialise_error_members(
    namespace: &str,
    code: &str,
    status: u16,
    shape: &Shape,
    members: &Value,
    request_id: &str,
) -> WireAnswer {
    let fault = if status < 500 { "Sender" } else { "Receiver" };
    let mut xml = format!("<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{fault}</Type><Code>");
    escape(&mut xml, code);
    xml.push_str("</Code>");
    write_content(&mut xml, shape, members);
    let _ = write!(xml, "</Error><RequestId>{request_id}</RequestId></ErrorResponse>");
    answer(status, xml)
}

fn answer(status: u16, xml: String) -> WireAnswer {
    WireAnswer {
        status,
        content_type: CONTENT_TYPE.into(),
        body: xml.into(),
        headers: HeaderList::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_names_spell_a_tree() {
        let form = "StackName=a&Parameters.member.2.ParameterKey=K2&Parameters.member.1.ParameterKey=K1&Parameters.member.1.ParameterValue=a%26b+c&Tags=";
        let tree = read_input(&Shape::Any, parse_form(form).unwrap()).unwrap();
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
            &Shape::Any,
            &json!({"Body": "<a>&\u{1}", "List": [1, true]}),
            "id",
        );
        assert_eq!(
            std::str::from_utf8(&answer.body).unwrap(),
            "<GetResponse xmlns=\"urn:x\"><GetResult><Body>&lt;a&gt;&amp;\u{fffd}</Body><List><member>1</member><member>true</member></List></GetResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></GetResponse>"
        );
    }
}
