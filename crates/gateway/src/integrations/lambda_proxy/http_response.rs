//! From what a function returned to the response of an HTTP API, payload format 2.0: with a `statusCode` it is a response,
//! without one its JSON is the body.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use portcullis_model::HeaderList;
use serde_json::{Map, Value};

use super::response::{object, push, scalar, status};
use crate::http::{Body, Response};

/// Reads what a function returned; the error says, for the trail, what it is not.
pub(super) fn parse(payload: &[u8]) -> Result<Response, String> {
    let value: Value = serde_json::from_slice(payload).map_err(|_| "it is no JSON")?;
    match value {
        Value::Object(answer) if answer.contains_key("statusCode") => response(&answer),
        // A text is the body as it is, anything else as JSON.
        Value::String(text) => Ok(Response::full(200, "application/json", text)),
        other => Ok(Response::full(200, "application/json", other.to_string())),
    }
}

fn response(answer: &Map<String, Value>) -> Result<Response, String> {
    let mut headers = HeaderList::with_capacity(6);
    for (name, value) in object(answer, "headers")?.into_iter().flatten() {
        let value = scalar(value).ok_or("`headers` holds what is no text")?;
        push(&mut headers, name, value)?;
    }
    if headers.get("content-type").is_none() {
        headers.push("content-type", "text/plain;charset=UTF-8");
    }
    let cookies = match answer.get("cookies") {
        None | Some(Value::Null) => &[],
        Some(Value::Array(cookies)) => cookies.as_slice(),
        Some(_) => return Err("`cookies` is no list".into()),
    };
    for cookie in cookies {
        let cookie = cookie.as_str().ok_or("`cookies` holds what is no text")?;
        push(&mut headers, "set-cookie", cookie.to_owned())?;
    }
    let body = body(answer)?;
    Ok(Response {
        status: status(answer.get("statusCode"))?,
        headers,
        body: if body.is_empty() {
            Body::Empty
        } else {
            Body::Full(body)
        },
    })
}

fn body(answer: &Map<String, Value>) -> Result<Bytes, String> {
    let text = match answer.get("body") {
        None | Some(Value::Null) => String::new(),
        Some(value) => scalar(value).ok_or("`body` is no text")?,
    };
    match answer.get("isBase64Encoded") {
        None | Some(Value::Null | Value::Bool(false)) => Ok(text.into()),
        Some(Value::Bool(true)) => STANDARD
            .decode(text)
            .map(Bytes::from)
            .map_err(|_| "`body` is no base64".into()),
        Some(_) => Err("`isBase64Encoded` is neither true nor false".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<(u16, HeaderList, Bytes), String> {
        let Response {
            status,
            headers,
            body,
        } = parse(text.as_bytes())?;
        let body = match body {
            Body::Full(bytes) => bytes,
            _ => Bytes::new(),
        };
        Ok((status, headers, body))
    }

    #[test]
    fn answer_without_a_status_is_the_body() {
        for (text, body) in [
            (r#"{"a":1}"#, r#"{"a":1}"#),
            (r#""hello""#, "hello"),
            ("[1]", "[1]"),
            ("null", "null"),
        ] {
            let (status, headers, found) = parsed(text).unwrap();
            assert_eq!((status, found.as_ref()), (200, body.as_bytes()));
            assert_eq!(headers.text("content-type"), Some("application/json"));
        }
    }

    #[test]
    fn answer_with_a_status_is_a_response() {
        let text = r#"{"statusCode": 201, "headers": {"X-A": 1}, "cookies": ["a=1; Secure", "b=2"], "body": "aGk=",
            "isBase64Encoded": true}"#;
        let (status, headers, body) = parsed(text).unwrap();
        assert_eq!((status, body.as_ref()), (201, b"hi".as_slice()));
        assert_eq!(headers.text("x-a"), Some("1"));
        assert_eq!(headers.text("content-type"), Some("text/plain;charset=UTF-8"));
        assert_eq!(headers.all("set-cookie").count(), 2);
    }

    #[test]
    fn what_is_no_response_is_an_error() {
        for text in [
            "",
            "nonsense",
            r#"{"statusCode": "ok"}"#,
            r#"{"statusCode": 99}"#,
            r#"{"statusCode": 200, "headers": []}"#,
            r#"{"statusCode": 200, "headers": {"a": ["b"]}}"#,
            r#"{"statusCode": 200, "headers": {"a": "b\r\nSet-Cookie: c"}}"#,
            r#"{"statusCode": 200, "cookies": "a=1"}"#,
            r#"{"statusCode": 200, "cookies": [1]}"#,
            r#"{"statusCode": 200, "cookies": ["a\nb"]}"#,
            r#"{"statusCode": 200, "body": {}}"#,
            r#"{"statusCode": 200, "body": "?", "isBase64Encoded": true}"#,
            r#"{"statusCode": 200, "isBase64Encoded": "true"}"#,
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
