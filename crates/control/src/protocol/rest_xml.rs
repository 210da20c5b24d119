//! AWS REST-XML: method and path say which operation; its input and output are XML bodies, with a few headers beside.
//!
//! A body is read as it stands, without a description: an element is a member, one that occurs again a list of its
//! namesakes. What operations return is written the same way: `{"Items": {"Origin": [a, b]}}` is
//! `<Items><Origin>a</Origin><Origin>b</Origin></Items>`. <https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html>

use portcullis_model::HeaderList;
use serde_json::{Map, Value};

use super::{
    WireAnswer, WireCall, query_xml,
    query_xml::parse_form,
    rest_json::{RestRequest, decode, match_path},
    xml::escape,
    xml_read,
};
use crate::{
    AwsError,
    operation::{Operation, Route, Service},
};

pub const CONTENT_TYPE: &str = "text/xml";
/// The members of outputs that are headers.
const HEADERS: [&str; 2] = ["ETag", "Location"];

/// Finds the operation of a method and path, and reads its input: labels, query, `If-Match` as `IfMatch`, and the body under
/// the name of its root.
pub fn parse(service: &'static Service, request: &RestRequest<'_>) -> Result<WireCall, AwsError> {
    let query = parse_form(request.query)?;
    let Some((operation, route)) = find(service, request, &query) else {
        return Ok(WireCall {
            name: format!("{} {}", request.method, request.path),
            operation: None,
            input: Map::new(),
        });
    };
    let mut input = Map::new();
    for (label, value) in match_path(route.path, request.path).unwrap_or_default() {
        let text = decode(&value)
            .ok_or_else(|| AwsError::new("InvalidArgument", 400, "the path is not percent-encoded UTF-8"))?;
        input.insert(label.to_owned(), text.into());
    }
    for (name, value) in query {
        if route.query.contains(&name.as_str()) {
            input.insert(name, value.into());
        } else if !name.starts_with("X-Amz-") && Some(name.as_str()) != flag(route) {
            let message = format!("unknown query parameter `{name}`");
            return Err(AwsError::new("InvalidArgument", 400, message));
        }
    }
    if let Some(version) = request.headers.text("if-match") {
        input.insert("IfMatch".into(), version.trim().into());
    }
    if !request.body.iter().all(u8::is_ascii_whitespace) {
        let (name, value) = xml_read::parse(request.body)?;
        input.insert(name, value);
    }
    Ok(WireCall {
        name: operation.name.to_owned(),
        operation: Some(operation),
        input,
    })
}

/// A route that ends in `?Flag` is for requests that have this parameter; it comes before the one without.
fn find(
    service: &'static Service,
    request: &RestRequest<'_>,
    query: &[(String, String)],
) -> Option<(&'static Operation, &'static Route)> {
    let fitting = service.operations.iter().filter_map(|operation| {
        let route = operation.route.as_ref()?;
        let fits = route.method == request.method && match_path(route.path, request.path).is_some();
        fits.then_some((*operation, route))
    });
    let is_asked = |wanted: &str| query.iter().any(|(name, _)| name == wanted);
    let mut plain = None;
    for (operation, route) in fitting {
        match flag(route) {
            Some(wanted) if is_asked(wanted) => return Some((operation, route)),
            Some(_) => {}
            None => plain = Some((operation, route)),
        }
    }
    plain
}

fn flag(route: &Route) -> Option<&'static str> {
    route.path.split_once('?').map(|(_, flag)| flag)
}

/// Tells whether some operation of `service` is at a method and path.
pub fn serves(service: &Service, method: &str, path: &str) -> bool {
    let mut routes = service
        .operations
        .iter()
        .filter_map(|operation| operation.route.as_ref());
    routes.any(|route| route.method == method && match_path(route.path, path).is_some())
}

/// Writes a result: `ETag` and `Location` are headers, the one member beside them is the body.
pub fn serialise(namespace: &str, status: u16, output: &Value) -> WireAnswer {
    let mut answer = WireAnswer {
        status,
        content_type: CONTENT_TYPE.into(),
        body: bytes::Bytes::new(),
        headers: HeaderList::new(),
    };
    for (name, value) in output.as_object().into_iter().flatten() {
        if let Some(header) = HEADERS.iter().find(|header| *header == name) {
            let text = value.as_str().unwrap_or_default();
            answer.headers.push(*header, text.replace(['\r', '\n', '\0'], ""));
            continue;
        }
        let mut xml = format!("<?xml version=\"1.0\"?>\n<{name} xmlns=\"{namespace}\">");
        write(&mut xml, value);
        xml.push_str(&format!("</{name}>"));
        answer.body = xml.into();
    }
    answer
}

/// Writes an error, as the Query protocol does.
pub fn serialise_error(namespace: &str, error: &AwsError, request_id: &str) -> WireAnswer {
    query_xml::serialise_error(namespace, error, request_id)
}

fn write(xml: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(truth) => xml.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => xml.push_str(&number.to_string()),
        Value::String(text) => escape(xml, text),
        Value::Array(items) => items.iter().for_each(|item| write(xml, item)),
        Value::Object(members) => {
            for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                let items = match value {
                    Value::Array(items) => items.as_slice(),
                    one => std::slice::from_ref(one),
                };
                for item in items {
                    xml.push_str(&format!("<{name}>"));
                    write(xml, item);
                    xml.push_str(&format!("</{name}>"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_reads_back() {
        let value = json!({"A": "a<&>\"", "Items": {"I": ["1", "2"]}, "Empty": ""});
        let answer = serialise("urn:x", 200, &json!({"ETag": "E1", "Root": value}));
        assert_eq!(answer.headers.text("etag"), Some("E1"));
        let read = xml_read::parse(&answer.body).unwrap();
        assert_eq!(read, ("Root".to_owned(), value));
    }

    #[test]
    fn a_header_cannot_end_itself() {
        let answer = serialise("urn:x", 204, &json!({"Location": "a\r\nb: c"}));
        assert_eq!(answer.headers.text("location"), Some("ab: c"));
        assert!(answer.body.is_empty());
    }
}
