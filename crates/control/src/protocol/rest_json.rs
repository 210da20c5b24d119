//! AWS REST-JSON 1: method and path say which operation; labels, query and body are its input.
//!
//! <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>

use portcullis_model::HeaderList;
use serde_json::{Map, Value, json};

use super::{WireAnswer, WireCall, json_1_1::one_line, parse_object};
use crate::{
    AwsError,
    operation::{Route, Service},
};

pub const CONTENT_TYPE: &str = "application/json";

/// Finds the operation of a method and path, and reads its input.
pub fn parse(
    service: &'static Service,
    method: &str,
    path: &str,
    query: &str,
    body: &[u8],
) -> Result<WireCall, AwsError> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    for operation in service.operations {
        let Some(route) = &operation.route else { continue };
        if route.method != method {
            continue;
        }
        if let Some(labels) = match_path(route.path, &segments) {
            let mut input = parse_object(body)?;
            read_query(route, query, &mut input)?;
            for (label, value) in labels {
                let value = decode(value).ok_or_else(|| {
                    AwsError::new(
                        "BadRequestException",
                        400,
                        format!("`{label}` is not valid percent-encoded UTF-8"),
                    )
                })?;
                input.insert(label.to_owned(), Value::String(value));
            }
            return Ok(WireCall {
                name: operation.name.to_owned(),
                operation: Some(operation),
                input,
            });
        }
    }
    Ok(WireCall {
        name: format!("{method} {path}"),
        operation: None,
        input: Map::new(),
    })
}

/// Returns the labels of a path that fits `pattern`: `{name}` takes a segment, `{name+}` the rest.
fn match_path<'a>(
    pattern: &'static str,
    segments: &[&'a str],
) -> Option<Vec<(&'static str, std::borrow::Cow<'a, str>)>> {
    let mut labels = Vec::new();
    let mut rest = segments.iter();
    for part in pattern.trim_matches('/').split('/') {
        let label = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        match label.map(|label| {
            label
                .strip_suffix('+')
                .map_or((label, false), |greedy| (greedy, true))
        }) {
            Some((label, true)) => {
                let joined = rest.by_ref().copied().collect::<Vec<_>>().join("/");
                if joined.is_empty() {
                    return None;
                }
                labels.push((label, joined.into()));
            }
            Some((label, false)) => {
                let segment = rest.next().copied().filter(|segment| !segment.is_empty())?;
                labels.push((label, segment.into()));
            }
            None if rest.next().copied() == Some(part) => {}
            None => return None,
        }
    }
    rest.next().is_none().then_some(labels)
}

fn read_query(route: &Route, query: &str, input: &mut Map<String, Value>) -> Result<(), AwsError> {
    for (name, value) in super::query_xml::parse_form(query)? {
        // A presigned call carries its signature here; what is no member of the input is not ours to judge.
        if !route.query.contains(&name.as_str()) {
            if name.starts_with("X-Amz-") || name.is_empty() {
                continue;
            }
            return Err(AwsError::new(
                "BadRequestException",
                400,
                format!("unknown query parameter `{name}`"),
            ));
        }
        match input.get_mut(&name) {
            None => {
                input.insert(name, Value::String(value));
            }
            Some(Value::Array(values)) => values.push(Value::String(value)),
            Some(single) => *single = json!([single.take(), value]),
        }
    }
    Ok(())
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
pub fn serialise(route: &Route, output: &Value) -> WireAnswer {
    let body = if output.is_null() {
        String::new()
    } else {
        output.to_string()
    };
    WireAnswer {
        status: route.status,
        content_type: CONTENT_TYPE,
        body: body.into(),
        headers: HeaderList::new(),
    }
}

/// Writes an error: the type in a header, the message in the body.
pub fn serialise_error(error: &AwsError) -> WireAnswer {
    let mut headers = HeaderList::new();
    headers.push("x-amzn-ErrorType", error.code);
    headers.push("x-amzn-ErrorMessage", one_line(&error.message));
    WireAnswer {
        status: error.status,
        content_type: CONTENT_TYPE,
        body: json!({ "message": error.message }).to_string().into(),
        headers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_take_segments_and_the_rest() {
        let labels = |pattern, path: &'static str| {
            match_path(pattern, &path.trim_matches('/').split('/').collect::<Vec<_>>()).map(|labels| {
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
