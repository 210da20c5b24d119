//! Mapping expressions: `method.request.header.X`, `'static'`, `context.stage`, …, parsed at deployment.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>

use std::{borrow::Cow, collections::BTreeMap};

use bytes::Bytes;
use portcullis_engines::json_path::{JsonPath, Limits};
use portcullis_model::HeaderList;
use serde_json::Value;

use super::{context_variables, query};
use crate::{exchange::Exchange, refusal::Refusal};

/// Where an expression stands, which decides what it may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// `requestParameters` of an integration.
    Request,
    /// `responseParameters` of an integration response.
    Response,
    /// `responseParameters` of a gateway response.
    GatewayResponse,
}

/// A parsed mapping expression. Stage variables are resolved, since a stage's snapshot never changes.
#[derive(Debug, PartialEq)]
pub(crate) enum Expression {
    Static(Box<str>),
    Path(Box<str>),
    Query(Box<str>),
    MultiQuery(Box<str>),
    Header(Box<str>),
    MultiHeader(Box<str>),
    Context(Vec<Box<str>>),
    AnswerHeader(Box<str>),
    AnswerMultiHeader(Box<str>),
    /// The request's body, or what a path names in it.
    Body(Option<JsonPath>),
    /// The answer's body, or what a path names in it.
    AnswerBody(Option<JsonPath>),
    /// A stage variable that the stage does not have.
    Absent,
}

/// What an expression yields.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mapped<'a> {
    /// As it should be read.
    Plain(Cow<'a, [u8]>),
    /// A path parameter as it came, percent-encoding untouched.
    Encoded(&'a [u8]),
}

/// What an expression is evaluated against.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) exchange: &'a Exchange,
    pub(crate) answer: Option<&'a AnswerParts>,
    pub(crate) refusal: Option<&'a Refusal>,
}

/// What an integration answered, for mappings and templates.
#[derive(Debug, Default)]
pub(crate) struct AnswerParts {
    pub(crate) headers: HeaderList,
    pub(crate) body: Bytes,
}

impl Expression {
    /// Parses `text` as it may stand on `side`; the error says what is wrong.
    pub(crate) fn parse(
        text: &str,
        side: Side,
        variables: &BTreeMap<String, String>,
    ) -> Result<Self, String> {
        if let Some(inner) = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            return Ok(Self::Static(inner.into()));
        }
        if let Some(name) = text.strip_prefix("stageVariables.") {
            let value = variables.get(name).map(|value| value.as_str().into());
            return Ok(value.map_or(Self::Absent, Self::Static));
        }
        if let Some(path) = text.strip_prefix("context.") {
            return Ok(Self::Context(path.split('.').map(Into::into).collect()));
        }
        if let Some(path) = text.strip_prefix("integration.response.body")
            && side == Side::Response
        {
            return body_path(text, path).map(Self::AnswerBody);
        }
        if let Some(path) = text.strip_prefix("method.request.body")
            && side == Side::Request
        {
            return body_path(text, path).map(Self::Body);
        }
        let (prefix, form) = match side {
            Side::Request | Side::GatewayResponse => ("method.request.", "request"),
            Side::Response => ("integration.response.", "response"),
        };
        let rest = text.strip_prefix(prefix).and_then(|rest| rest.split_once('.'));
        let Some((source, name)) = rest.filter(|(_, name)| !name.is_empty()) else {
            return Err(if text.starts_with(&format!("{prefix}body")) {
                format!("`{text}`: a gateway response cannot be mapped from a body")
            } else {
                format!(
                    "`{text}` is no mapping expression: use `{prefix}header.NAME`, `stageVariables.NAME`, `context.NAME` or `'text'`"
                )
            });
        };
        match (form, source) {
            ("request", "path") => Ok(Self::Path(name.into())),
            ("request", "querystring") => Ok(Self::Query(name.into())),
            ("request", "multivaluequerystring") => Ok(Self::MultiQuery(name.into())),
            ("request", "header") => Ok(Self::Header(name.into())),
            ("request", "multivalueheader") => Ok(Self::MultiHeader(name.into())),
            ("response", "header") => Ok(Self::AnswerHeader(name.into())),
            ("response", "multivalueheader") => Ok(Self::AnswerMultiHeader(name.into())),
            (_, "body") => Err(format!(
                "`{text}`: a gateway response cannot be mapped from a body"
            )),
            _ => Err(format!("`{text}`: `{source}` cannot be mapped here")),
        }
    }

    /// Returns the values, in order; none when what it names is absent. A single value of several is the last, as in
    /// the single-valued maps of AWS.
    pub(crate) fn evaluate<'a>(&'a self, scope: Scope<'a>) -> Vec<Mapped<'a>> {
        let plain = |value: Option<Cow<'a, [u8]>>| value.map(Mapped::Plain).into_iter().collect();
        let request = scope.exchange.request();
        let query = request.query().unwrap_or_default();
        match self {
            Self::Absent => Vec::new(),
            Self::Static(text) => plain(Some(text.as_bytes().into())),
            Self::Path(name) => scope
                .exchange
                .path_parameter(name)
                .map(Mapped::Encoded)
                .into_iter()
                .collect(),
            Self::Query(name) => plain(query::values(query, name).next_back()),
            Self::MultiQuery(name) => query::values(query, name).map(Mapped::Plain).collect(),
            Self::Header(name) => plain(
                request
                    .headers
                    .all(name)
                    .last()
                    .map(|value| value.as_ref().into()),
            ),
            Self::MultiHeader(name) => headers(&request.headers, name),
            Self::Context(path) => {
                let path: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
                let value = context_variables::variable(scope.exchange, scope.refusal, &path);
                plain(value.map(|value| match value {
                    Cow::Borrowed(text) => text.as_bytes().into(),
                    Cow::Owned(text) => text.into_bytes().into(),
                }))
            }
            Self::AnswerHeader(name) => plain(
                scope
                    .answer
                    .and_then(|answer| answer.headers.all(name).last())
                    .map(|value| value.as_ref().into()),
            ),
            Self::AnswerMultiHeader(name) => scope
                .answer
                .map(|answer| headers(&answer.headers, name))
                .unwrap_or_default(),
            Self::Body(path) => plain(body_part(scope.exchange.body_read(), path.as_ref())),
            Self::AnswerBody(path) => plain(
                scope
                    .answer
                    .and_then(|answer| body_part(&answer.body, path.as_ref())),
            ),
        }
    }
}

/// Parses what follows `integration.response.body`: nothing, or `.` and a JSONPath, with or without its `$`.
fn body_path(text: &str, rest: &str) -> Result<Option<JsonPath>, String> {
    if rest.is_empty() {
        return Ok(None);
    }
    let path = rest
        .strip_prefix('.')
        .ok_or_else(|| format!("`{text}` is no mapping expression"))?;
    JsonPath::parse(path)
        .map(Some)
        .map_err(|cause| format!("`{text}`: {cause}"))
}

/// Returns the body, or what `path` names in it; absent where there is none, it is null or the body is no JSON.
fn body_part<'a>(body: &'a Bytes, path: Option<&JsonPath>) -> Option<Cow<'a, [u8]>> {
    let Some(path) = path else {
        return Some(body.as_ref().into());
    };
    let root: Value = serde_json::from_slice(body).ok()?;
    let found = path.evaluate(&root, &Limits::default()).ok()??;
    match found.as_ref() {
        Value::Null => None,
        Value::String(text) => Some(text.clone().into_bytes().into()),
        other => Some(other.to_string().into_bytes().into()),
    }
}

impl<'a> Mapped<'a> {
    /// Returns the value as a header carries it; none when it holds what no header may.
    pub(crate) fn header_value(self) -> Option<Cow<'a, [u8]>> {
        let value = match self {
            Self::Plain(value) => value,
            Self::Encoded(value) => query::decode(value, false),
        };
        // RFC 9110 section 5.5: neither CR, LF, NUL nor other control characters.
        let is_control = |byte: &u8| (*byte < 0x20 && *byte != b'\t') || *byte == 0x7f;
        (!value.iter().any(is_control)).then_some(value)
    }

    /// Appends the value to a path or a query, encoded where it was not.
    pub(crate) fn encode_onto(&self, target: &mut Vec<u8>) {
        match self {
            Self::Plain(value) => query::encode_onto(target, value),
            Self::Encoded(value) => target.extend_from_slice(value),
        }
    }
}

fn headers<'a>(list: &'a HeaderList, name: &'a str) -> Vec<Mapped<'a>> {
    list.all(name)
        .map(|value| Mapped::Plain(value.as_ref().into()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, side: Side) -> Result<Expression, String> {
        let variables = BTreeMap::from([("host".to_owned(), "example".to_owned())]);
        Expression::parse(text, side, &variables)
    }

    #[test]
    fn expressions_are_parsed() {
        let request = |text| parse(text, Side::Request).unwrap();
        assert_eq!(request("'a b'"), Expression::Static("a b".into()));
        assert_eq!(
            request("stageVariables.host"),
            Expression::Static("example".into())
        );
        assert_eq!(request("stageVariables.none"), Expression::Absent);
        assert_eq!(
            request("method.request.path.proxy"),
            Expression::Path("proxy".into())
        );
        assert_eq!(
            request("method.request.header.X-A.b"),
            Expression::Header("X-A.b".into())
        );
        let context = vec!["identity".into(), "sourceIp".into()];
        assert_eq!(request("context.identity.sourceIp"), Expression::Context(context));
        let header = parse("integration.response.header.ETag", Side::Response).unwrap();
        assert_eq!(header, Expression::AnswerHeader("ETag".into()));
    }

    #[test]
    fn expressions_out_of_place_are_refused() {
        for (text, side) in [
            ("method.request.header.A", Side::Response),
            ("integration.response.header.A", Side::Request),
            ("integration.response.header.A", Side::GatewayResponse),
            ("method.request.cookie.A", Side::Request),
            ("method.request.header.", Side::Request),
            ("method.request.body", Side::Response),
            ("method.request.body", Side::GatewayResponse),
            ("method.request.body.$[", Side::Request),
            ("method.request.bodyx", Side::Request),
            ("'open", Side::Request),
            ("plain", Side::Response),
            ("", Side::Request),
        ] {
            assert!(parse(text, side).is_err(), "{text}");
        }
    }

    #[test]
    fn control_characters_never_become_a_header() {
        assert_eq!(Mapped::Encoded(b"a%0d%0ab").header_value(), None);
        assert_eq!(Mapped::Plain(b"a\nb".into()).header_value(), None);
        assert_eq!(Mapped::Encoded(b"a%20b").header_value(), Some(b"a b".into()));
    }
}
