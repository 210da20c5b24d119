//! From what a function returned to the response: strict as AWS is, so that what is not a response is a 502.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-output-format>

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use portcullis_model::{HeaderList, is_token};
use serde_json::{Map, Value};

use crate::{
    http::{Body, Response},
    integrations::header_policy::{Fate, fate_in_response, remapped_name},
};

/// Makes the response; `binary` says that the caller accepts a binary media type, for which base64 is undone. The error
/// names what is wrong, for the trail.
pub(super) fn parse(payload: &[u8], binary: bool) -> Result<Response, String> {
    let value: Value = serde_json::from_slice(payload).map_err(|_| "it is no JSON")?;
    let Value::Object(answer) = value else {
        return Err("it is no object".into());
    };
    const KNOWN: [&str; 5] = [
        "statusCode",
        "headers",
        "multiValueHeaders",
        "body",
        "isBase64Encoded",
    ];
    if let Some(key) = answer.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(format!("`{}` is no key of it", key.escape_debug()));
    }
    let body = body(&answer, binary)?;
    Ok(Response {
        status: status(answer.get("statusCode"))?,
        headers: headers(&answer)?,
        body: if body.is_empty() {
            Body::Empty
        } else {
            Body::Full(body)
        },
    })
}

/// A number, or a text that is one. A final answer has no status below 200.
pub(super) fn status(value: Option<&Value>) -> Result<u16, String> {
    let status = match value {
        None => Some(200),
        Some(Value::Number(number)) => number.as_u64().and_then(|status| u16::try_from(status).ok()),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    };
    status
        .filter(|status| (200..600).contains(status))
        .ok_or_else(|| "`statusCode` is no status from 200 to 599".into())
}

/// Scalars become text, as AWS's parser has it.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn body(answer: &Map<String, Value>, binary: bool) -> Result<Bytes, String> {
    let text = match answer.get("body") {
        None | Some(Value::Null) => String::new(),
        Some(value) => scalar(value).ok_or("`body` is no text")?,
    };
    let encoded = match answer.get("isBase64Encoded") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(encoded)) => *encoded,
        Some(Value::String(text)) if text == "true" || text == "false" => text == "true",
        Some(_) => return Err("`isBase64Encoded` is neither true nor false".into()),
    };
    if !encoded || !binary {
        return Ok(text.into());
    }
    let bytes = STANDARD.decode(text).map_err(|_| "`body` is no base64")?;
    Ok(bytes.into())
}

fn headers(answer: &Map<String, Value>) -> Result<HeaderList, String> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    if let Some(many) = object(answer, "multiValueHeaders")? {
        for (name, values) in many {
            let values = values
                .as_array()
                .ok_or("`multiValueHeaders` holds what is no list")?;
            let values = values.iter().map(|value| {
                scalar(value).ok_or_else(|| "`multiValueHeaders` holds what is no text".to_owned())
            });
            found.push((name.clone(), values.collect::<Result<_, _>>()?));
        }
    }
    if let Some(single) = object(answer, "headers")? {
        for (name, value) in single {
            // What AWS does with a null is not recorded; there is nothing to send.
            if value.is_null() {
                continue;
            }
            let value = scalar(value).ok_or("`headers` holds what is no text")?;
            match found
                .iter_mut()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
            {
                Some((_, values)) => values.push(value),
                None => found.push((name.clone(), vec![value])),
            }
        }
    }
    let mut headers = HeaderList::with_capacity(found.len() + 4);
    for (name, values) in found {
        for value in values {
            push(&mut headers, &name, value)?;
        }
    }
    if headers.get("content-type").is_none() {
        headers.push("Content-Type", "application/json");
    }
    Ok(headers)
}

pub(super) fn object<'a>(
    answer: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a Map<String, Value>>, String> {
    match answer.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(map)) => Ok(Some(map)),
        Some(_) => Err(format!("`{name}` is no object")),
    }
}

pub(super) fn push(headers: &mut HeaderList, name: &str, value: String) -> Result<(), String> {
    if !is_token(name) {
        return Err("it has a header whose name is none".into());
    }
    if value
        .bytes()
        .any(|byte| (byte < 0x20 && byte != b'\t') || byte == 0x7f)
    {
        return Err(format!("its header `{name}` holds a control character"));
    }
    // The length is what we send, whatever the function counted.
    if name.eq_ignore_ascii_case("content-length") {
        return Ok(());
    }
    match fate_in_response(name.as_bytes()) {
        Fate::Pass => headers.push(name, value),
        Fate::Remap => headers.push(remapped_name(name.as_bytes()), value),
        Fate::Drop => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Response, String> {
        parse(text.as_bytes(), false)
    }

    fn body_of(response: Response) -> Bytes {
        match response.body {
            Body::Full(bytes) => bytes,
            _ => Bytes::new(),
        }
    }

    #[test]
    fn everything_is_optional() {
        let response = parsed("{}").unwrap();
        assert_eq!(response.status, 200);
        assert_eq!(response.headers.text("content-type"), Some("application/json"));
        assert!(body_of(response).is_empty());
        let nulls = r#"{"headers": null, "multiValueHeaders": null, "body": null, "isBase64Encoded": null}"#;
        assert_eq!(parsed(nulls).unwrap().status, 200);
    }

    #[test]
    fn what_is_no_response_is_an_error() {
        for text in [
            "",
            "null",
            "true",
            "\"text\"",
            "[]",
            r#"{"status": 200}"#,
            r#"{"statusCode": 200, "foo": 1}"#,
            r#"{"statusCode": "ok"}"#,
            r#"{"statusCode": null}"#,
            r#"{"statusCode": 20}"#,
            r#"{"statusCode": 101}"#,
            r#"{"statusCode": 600}"#,
            r#"{"statusCode": -200}"#,
            r#"{"statusCode": [200]}"#,
            r#"{"body": {"a": 1}}"#,
            r#"{"body": [1]}"#,
            r#"{"headers": []}"#,
            r#"{"headers": "a"}"#,
            r#"{"headers": {"a": ["b"]}}"#,
            r#"{"headers": {"a b": "c"}}"#,
            r#"{"headers": {"": "c"}}"#,
            r#"{"headers": {"a": "b\r\nSet-Cookie: c"}}"#,
            r#"{"multiValueHeaders": {"a": "b"}}"#,
            r#"{"multiValueHeaders": {"a": [{}]}}"#,
            r#"{"isBase64Encoded": 1}"#,
        ] {
            assert!(parsed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn headers_are_merged_under_the_case_of_the_many() {
        let response = parsed(
            r#"{"statusCode": "201", "headers": {"x-a": "solo", "X-Bool": true, "X-Null": null},
                "multiValueHeaders": {"X-A": ["one", 2]}}"#,
        )
        .unwrap();
        assert_eq!(response.status, 201);
        let all: Vec<(String, String)> = response
            .headers
            .iter()
            .map(|(name, value)| {
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                (text(name), text(value))
            })
            .collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            all,
            [
                pair("X-A", "one"),
                pair("X-A", "2"),
                pair("X-A", "solo"),
                pair("X-Bool", "true"),
                pair("Content-Type", "application/json")
            ]
        );
    }

    #[test]
    fn framing_and_our_own_fields_are_not_the_functions() {
        let response = parsed(
            r#"{"headers": {"Content-Length": "7", "Transfer-Encoding": "chunked", "x-amzn-ErrorType": "X",
                "WWW-Authenticate": "Basic", "Date": "today"}}"#,
        )
        .unwrap();
        let headers = &response.headers;
        assert_eq!(headers.get("content-length"), None);
        assert_eq!(headers.get("transfer-encoding"), None);
        assert_eq!(headers.get("x-amzn-errortype"), None);
        assert_eq!(headers.text("x-amzn-remapped-www-authenticate"), Some("Basic"));
        assert_eq!(headers.text("x-amzn-remapped-date"), Some("today"));
    }

    #[test]
    fn base64_is_undone_for_those_who_accept_binary() {
        let text = r#"{"body": "aGk=", "isBase64Encoded": true}"#;
        assert_eq!(body_of(parse(text.as_bytes(), true).unwrap()), "hi");
        assert_eq!(body_of(parse(text.as_bytes(), false).unwrap()), "aGk=");
        assert!(parse(br#"{"body": "?", "isBase64Encoded": true}"#, true).is_err());
        assert_eq!(body_of(parsed(r#"{"body": 7}"#).unwrap()), "7");
    }
}
