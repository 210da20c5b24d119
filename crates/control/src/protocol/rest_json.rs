//! AWS REST-JSON 1: method and path say which operation; labels, query, headers and body are its input.
//!
//! <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>

use std::{borrow::Cow, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_model::HeaderList;
use serde_json::{Map, Value, json};

use super::{
    WireAnswer, WireCall, bindings, json, json_1_1, parse_object,
    query_xml::parse_form,
    rest_headers,
    scalar::{self, not_a},
    shape::{Location, Member, Shape, Structure, TimestampFormat},
};
use crate::{
    AwsError,
    operation::{Operation, Route, Service},
};

pub const CONTENT_TYPE: &str = "application/json";

/// A request as REST-JSON sees it.
#[derive(Clone, Copy)]
pub struct RestRequest<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub query: &'a str,
    pub headers: &'a HeaderList,
    pub body: &'a [u8],
}

/// The labels of a path, still encoded.
pub(super) type Labels<'p, 'r> = Vec<(&'p str, Cow<'r, str>)>;

/// Finds the operation of a method and path, and reads its input.
pub fn parse(service: &'static Service, request: &RestRequest<'_>) -> Result<WireCall, AwsError> {
    let query = parse_form(request.query)?;
    let fits = |operation: &&'static Operation| {
        let operation: &'static Operation = operation;
        let route = operation
            .route
            .as_ref()
            .filter(|route| route.method == request.method)?;
        Some((operation, route, match_path(route.path, request.path)?))
    };
    // `/apikeys?mode=import` is another operation than `/apikeys`.
    let mut fitting: Vec<_> = service.operations.iter().filter_map(fits).collect();
    fitting.retain(|(_, route, _)| {
        constants(route.path).all(|own| query.iter().any(|(n, v)| (&**n, &**v) == own))
    });
    let found = fitting
        .into_iter()
        .max_by_key(|(_, route, _)| constants(route.path).count());
    let Some((operation, route, labels)) = found else {
        return Ok(WireCall {
            name: format!("{} {}", request.method, request.path),
            operation: None,
            input: Map::new(),
        });
    };
    for (name, _) in &query {
        // A presigned call carries its signature here.
        let is_signature = name.is_empty() || name.starts_with("X-Amz-");
        if !is_signature && !route.query.contains(&name.as_str()) {
            return Err(AwsError::new(
                "BadRequestException",
                400,
                format!("unknown query parameter `{name}`"),
            ));
        }
    }
    Ok(WireCall {
        name: operation.name.to_owned(),
        operation: Some(operation),
        input: read_input(&shape_of(operation, route), labels, request)?,
    })
}

/// Returns the parameters that a route's query must hold, with their values.
fn constants(path: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter_map(|pair| pair.split_once('='))
}

/// Tells whether some operation of `service` is at a method and path.
pub fn serves(service: &Service, method: &str, path: &str) -> bool {
    service
        .operations
        .iter()
        .filter_map(|operation| operation.route.as_ref())
        .any(|route| route.method == method && match_path(route.path, path).is_some())
}

/// Returns the input of a route as a shape: labels and parameters are text, the body is what it is.
fn shape_of(operation: &Operation, route: &Route) -> Shape {
    let bound = bindings::of(operation.name);

    let labels = route
        .path
        .split('/')
        .filter_map(|part| Some(part.strip_prefix('{')?.strip_suffix('}')?.trim_end_matches('+')))
        .map(|label| Member::new(label, Location::Uri, Shape::Text));
    let query = route
        .query
        .iter()
        .map(|name| Member::new(*name, Location::Query, Shape::Any));
    Shape::Structure(Arc::new(Structure {
        members: labels.chain(query).chain(bindings::input(bound)).collect(),
        payload: bound.map(|bound| bound.payload.to_owned()),
        open: bound.is_none(),
    }))
}

/// Reads an input; none when the path is not that of `template`.
pub fn read(
    template: &str,
    shape: &Shape,
    request: &RestRequest<'_>,
) -> Result<Option<Map<String, Value>>, AwsError> {
    match match_path(template, request.path) {
        Some(labels) => read_input(shape, labels, request).map(Some),
        None => Ok(None),
    }
}

fn read_input(
    shape: &Shape,
    labels: Labels<'_, '_>,
    request: &RestRequest<'_>,
) -> Result<Map<String, Value>, AwsError> {
    let Some(structure) = shape.structure() else {
        return parse_object(request.body);
    };
    let mut input = read_body(structure, request.body)?;
    let query = parse_form(request.query)?;
    for member in &structure.members {
        let value = match member.location {
            Location::Body | Location::StatusCode => None,
            Location::Uri => read_label(member, &labels)?,
            Location::Query => read_query(member, &query)?,
            Location::Header => rest_headers::read(member, request.headers)?,
            Location::Headers => rest_headers::read_prefixed(member, request.headers),
        };
        if let Some(value) = value {
            input.insert(member.name.clone(), value);
        }
    }
    Ok(input)
}

fn read_body(structure: &Structure, body: &[u8]) -> Result<Map<String, Value>, AwsError> {
    let Some(payload) = &structure.payload else {
        return json::read_structure(structure, parse_object(body)?);
    };
    let mut input = Map::new();
    let member = structure.members.iter().find(|member| &member.name == payload);
    let Some(member) = member.filter(|_| !body.is_empty()) else {
        return Ok(input);
    };
    let value = match member.shape.resolved() {
        Shape::Blob => STANDARD.encode(body).into(),
        Shape::Text => std::str::from_utf8(body)
            .map_err(|_| not_a("the body", "UTF-8 text"))?
            .into(),
        shape => {
            let value = serde_json::from_slice(body).map_err(|_| not_a("the body", "JSON value"))?;
            json::read(shape, value)?
        }
    };
    input.insert(payload.clone(), value);
    Ok(input)
}

fn read_label(member: &Member, labels: &Labels<'_, '_>) -> Result<Option<Value>, AwsError> {
    let Some((_, value)) = labels.iter().find(|(label, _)| *label == member.wire_name()) else {
        return Ok(None);
    };
    let text = decode(value).ok_or_else(|| not_a(value, "percent-encoded UTF-8 text"))?;
    scalar::parse(&member.shape, &text, TimestampFormat::Iso8601).map(Some)
}

fn read_query(member: &Member, query: &[(String, String)]) -> Result<Option<Value>, AwsError> {
    if let Shape::Map(map) = member.shape.resolved() {
        // A server puts every parameter there, those that other members take included.
        let mut entries = Map::new();
        for (name, _) in query {
            if let Some(value) = read_values(&map.value.shape, values(query, name))? {
                entries.insert(name.clone(), value);
            }
        }
        return Ok((!entries.is_empty()).then_some(Value::Object(entries)));
    }
    read_values(&member.shape, values(query, member.wire_name()))
}

fn values<'a>(query: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    let named = query.iter().filter(|(found, _)| found == name);
    named.map(|(_, value)| value.as_str()).collect()
}

fn read_values(shape: &Shape, values: Vec<&str>) -> Result<Option<Value>, AwsError> {
    let scalar = |shape: &Shape, text: &str| scalar::parse(shape, text, TimestampFormat::Iso8601);
    match (shape.resolved(), values.as_slice()) {
        (_, []) => Ok(None),
        (Shape::List(list), values) => {
            let items = values.iter().map(|text| scalar(&list.member.shape, text));
            items.collect::<Result<_, _>>().map(Some)
        }
        (shape, [text]) => scalar(shape, text).map(Some),
        (Shape::Any, values) => Ok(Some(json!(values))),
        (_, values) => Err(not_a(&values.join(", "), "single value")),
    }
}

/// Returns the labels of a path that fits `template`: `{name}` takes a segment, `{name+}` all that follow but those
/// that the template names behind it.
pub(super) fn match_path<'p, 'r>(template: &'p str, path: &'r str) -> Option<Labels<'p, 'r>> {
    let template = template.split_once('?').map_or(template, |(path, _)| path);
    let parts: Vec<&str> = template.trim_matches('/').split('/').collect();
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let mut labels = Vec::new();
    let mut rest = segments.as_slice();
    for (index, part) in parts.iter().enumerate() {
        let label = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        let width = match label {
            Some(label) if label.ends_with('+') => rest.len().checked_sub(parts.len() - index - 1)?,
            _ => 1,
        };
        let (taken, following) = rest.split_at_checked(width)?;
        rest = following;
        match (label, taken) {
            (Some(_), [] | [""]) => return None,
            (Some(label), [segment]) => labels.push((label.trim_end_matches('+'), Cow::from(*segment))),
            (Some(label), segments) => {
                labels.push((label.trim_end_matches('+'), segments.join("/").into()));
            }
            (None, [segment]) if segment == part => {}
            (None, _) => return None,
        }
    }
    rest.is_empty().then_some(labels)
}

/// Decodes percent-encoding; a plus stays a plus in a path.
pub(crate) fn decode(text: impl AsRef<str>) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.as_ref().len());
    let mut rest = text.as_ref().bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Writes a result with the route's status; 202 and 204 without output have no body.
pub fn serialise(status: u16, shape: &Shape, output: &Value) -> WireAnswer {
    let nothing = Map::new();
    let members = output.as_object().unwrap_or(&nothing);
    let mut answer = WireAnswer {
        status,
        content_type: CONTENT_TYPE.into(),
        body: bytes::Bytes::new(),
        headers: HeaderList::new(),
    };
    let Some(structure) = shape.structure() else {
        if !output.is_null() {
            answer.body = output.to_string().into();
        }
        return answer;
    };
    write_body(structure, members, &mut answer);
    for member in &structure.members {
        let Some(value) = members.get(&member.name).filter(|value| !value.is_null()) else {
            continue;
        };
        match member.location {
            Location::StatusCode => {
                let code = value.as_u64().and_then(|code| u16::try_from(code).ok());
                answer.status = code.unwrap_or(status);
            }
            // The one type of a body, not a second one beside it.
            Location::Header if member.wire_name() == "Content-Type" => {
                if let Some(kind) = value.as_str() {
                    answer.content_type = kind.to_owned().into();
                }
            }
            Location::Header => rest_headers::write(member, value, &mut answer.headers),
            Location::Headers => rest_headers::write_prefixed(member, value, &mut answer.headers),
            Location::Body | Location::Uri | Location::Query => {}
        }
    }
    answer
}

fn write_body(structure: &Structure, members: &Map<String, Value>, answer: &mut WireAnswer) {
    let Some(payload) = &structure.payload else {
        let has_body = structure
            .members
            .iter()
            .any(|member| member.location == Location::Body);
        if has_body || structure.open {
            answer.body = Value::Object(json::write_structure(structure, members))
                .to_string()
                .into();
        }
        return;
    };
    let member = structure.members.iter().find(|member| &member.name == payload);
    let (Some(member), Some(value)) = (member, members.get(payload).filter(|value| !value.is_null())) else {
        return;
    };
    match (member.shape.resolved(), value) {
        (Shape::Blob, Value::String(text)) => {
            answer.content_type = "application/octet-stream".into();
            answer.body = STANDARD.decode(text).unwrap_or_default().into();
        }
        (Shape::Text, Value::String(text)) => {
            answer.content_type = "text/plain".into();
            answer.body = text.clone().into();
        }
        (shape, value) => answer.body = json::write(shape, value).to_string().into(),
    }
}

/// Writes an error: the type in a header, the message in the body.
pub fn serialise_error(error: &AwsError) -> WireAnswer {
    WireAnswer {
        headers: json_1_1::error_headers(error),
        ..serialise(error.status, &Shape::Any, &json!({ "message": error.message }))
    }
}

/// Writes an error that has members of its own.
pub fn serialise_error_members(code: &str, status: u16, shape: &Shape, members: &Value) -> WireAnswer {
    let mut answer = serialise(status, shape, members);
    answer.headers.push("x-amzn-ErrorType", code);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_take_segments_and_the_rest() {
        let labels = |pattern: &'static str, path: &'static str| {
            match_path(pattern, path).map(|labels: Labels<'static, 'static>| {
                labels
                    .into_iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(
            labels("/a/{x}/b/{y}", "/a/1/b/2"),
            Some(vec!["x=1".into(), "y=2".into()])
        );
        assert_eq!(
            labels("/tags/{arn+}", "/tags/arn:a/b"),
            Some(vec!["arn=arn:a/b".into()])
        );
        assert_eq!(labels("/a/{x+}/b", "/a/1/2/b"), Some(vec!["x=1/2".into()]));
        assert_eq!(labels("/a/{x+}/b", "/a/b"), None);
        assert_eq!(labels("/a/{x}", "/a"), None);
        assert_eq!(labels("/a/{x}", "/a/1/2"), None);
        assert_eq!(labels("/a", "/b"), None);
    }

    #[test]
    fn broken_percent_encoding_is_refused() {
        assert_eq!(decode("a%20b+c").as_deref(), Some("a b+c"));
        assert_eq!(decode("%"), None);
        assert_eq!(decode("%zz"), None);
        assert_eq!(decode("%ff"), None);
    }
}
