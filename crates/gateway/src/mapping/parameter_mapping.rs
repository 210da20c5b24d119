//! Parameter mapping of HTTP APIs: `append:`, `overwrite:` and `remove:` on headers, query parameters and the path.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html>. A header that is overwritten
//! with what is not there is removed, so that a caller can never speak in its place; AWS does not say.

use std::{borrow::Cow, collections::BTreeMap};

use bytes::Bytes;

use super::{context_variables, expression::Mapped, query, uri::climbs};
use crate::{
    exchange::Exchange,
    integrations::header_policy,
    refusal::{Refusal, RefusalKind},
};

/// What an integration changes of a request, in the order of the targets' names.
pub(crate) struct ParameterMapping(Vec<Change>);

struct Change {
    action: Action,
    place: Place,
    value: Vec<Piece>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Append,
    Overwrite,
    Remove,
}

enum Place {
    Header(Box<str>),
    Query(Box<str>),
    Path,
}

/// A part of a value.
enum Piece {
    Literal(Box<str>),
    Header(Box<str>),
    Query(Box<str>),
    PathParameter(Box<str>),
    Path,
    /// The path as it came, with the stage.
    WholePath,
    Context(Vec<Box<str>>),
}

/// The fields that the gateway keeps for itself, and those that begin so, as AWS lists them.
const RESERVED: [&str; 4] = ["authorization", "content-location", "origin", "content-encoding"];
const RESERVED_PREFIXES: [&str; 5] = ["access-control-", "apigw-", "x-amz-", "x-amzn-", "x-forwarded-"];

impl ParameterMapping {
    /// Compiles `parameters`; the error names target and reason.
    pub(crate) fn compile(
        parameters: &BTreeMap<String, String>,
        variables: &BTreeMap<String, String>,
        path_parameters: &[impl AsRef<str>],
    ) -> Result<Self, (String, String)> {
        let compile = |(target, value): (&String, &String)| {
            let change = compile_target(target).and_then(|(action, place)| {
                let value = match action {
                    Action::Remove if matches!(value.as_str(), "" | "''") => Vec::new(),
                    Action::Remove => return Err("what is removed has no value: use `''`".into()),
                    _ => parse_value(value, variables, path_parameters)?,
                };
                Ok(Change { action, place, value })
            });
            change.map_err(|message| (target.clone(), message))
        };
        Ok(Self(parameters.iter().map(compile).collect::<Result<_, _>>()?))
    }

    /// Returns the mapping for an integration without a path of its own: the caller's goes on, with the stage in it, unless
    /// another is mapped.
    pub(crate) fn of_whole_path(mut self) -> Self {
        if !self.0.iter().any(|change| matches!(change.place, Place::Path)) {
            self.0.push(Change {
                action: Action::Overwrite,
                place: Place::Path,
                value: vec![Piece::WholePath],
            });
        }
        self
    }

    /// Changes what is sent on: path and query, and the fields that replace the caller's.
    pub(crate) fn apply(
        &self,
        exchange: &Exchange,
        path_and_query: &mut Vec<u8>,
        headers: &mut Vec<(Bytes, Vec<Bytes>)>,
    ) -> Result<(), Refusal> {
        for change in &self.0 {
            match &change.place {
                Place::Header(name) => change.header(exchange, name, headers)?,
                Place::Query(name) => change.query(exchange, name, path_and_query),
                Place::Path => change.path(exchange, path_and_query)?,
            }
        }
        Ok(())
    }
}

impl Change {
    fn header(
        &self,
        exchange: &Exchange,
        name: &str,
        headers: &mut Vec<(Bytes, Vec<Bytes>)>,
    ) -> Result<(), Refusal> {
        let known = headers
            .iter()
            .position(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
        let mut values = match (self.action, known) {
            (Action::Append, Some(at)) => headers
                .get_mut(at)
                .map(|known| std::mem::take(&mut known.1))
                .unwrap_or_default(),
            (Action::Append, None) => exchange.request().headers.all_bytes(name).collect(),
            (Action::Overwrite | Action::Remove, _) => Vec::new(),
        };
        if let Some(value) = self.evaluate(exchange, false) {
            let value = Mapped::Plain(value.into()).header_value().ok_or_else(|| {
                Refusal::new(
                    RefusalKind::BadRequestParameters,
                    format!("the value for `header.{name}` holds a control character"),
                )
            })?;
            values.push(Bytes::from(value.into_owned()));
        }
        match known.and_then(|at| headers.get_mut(at)) {
            Some(known) => known.1 = values,
            None => headers.push((Bytes::copy_from_slice(name.as_bytes()), values)),
        }
        Ok(())
    }

    fn query(&self, exchange: &Exchange, name: &str, path_and_query: &mut Vec<u8>) {
        let at = memchr::memchr(b'?', path_and_query).unwrap_or(path_and_query.len());
        let old = path_and_query.split_off(at);
        let mut separator = b'?';
        let mut add = |part: &dyn Fn(&mut Vec<u8>), to: &mut Vec<u8>| {
            to.push(std::mem::replace(&mut separator, b'&'));
            part(to);
        };
        for (known, value) in query::parameters(old.get(1..).unwrap_or_default()) {
            if self.action == Action::Append || *query::decode(known, true) != *name.as_bytes() {
                add(
                    &|to| {
                        to.extend_from_slice(known);
                        to.push(b'=');
                        to.extend_from_slice(value);
                    },
                    path_and_query,
                );
            }
        }
        if let Some(value) = self.evaluate(exchange, false) {
            add(
                &|to| {
                    query::encode_onto(to, name.as_bytes());
                    to.push(b'=');
                    query::encode_onto(to, &value);
                },
                path_and_query,
            );
        }
    }

    fn path(&self, exchange: &Exchange, path_and_query: &mut Vec<u8>) -> Result<(), Refusal> {
        let path = self.evaluate(exchange, true).unwrap_or_default();
        let refuse = |cause: &'static str| Refusal::new(RefusalKind::BadRequestParameters, cause);
        if !path.starts_with(b"/") {
            return Err(refuse("the path that was mapped does not start with `/`"));
        }
        if climbs(&Mapped::Encoded(&path)) {
            return Err(refuse("the path that was mapped holds a `.` or `..` segment"));
        }
        let at = memchr::memchr(b'?', path_and_query).unwrap_or(path_and_query.len());
        let query = path_and_query.split_off(at);
        *path_and_query = path;
        path_and_query.extend_from_slice(&query);
        Ok(())
    }

    /// Returns the value; none when every part of it that is not literal is absent, or when nothing is wanted.
    fn evaluate(&self, exchange: &Exchange, in_path: bool) -> Option<Vec<u8>> {
        let mut value = Vec::new();
        let mut found = false;
        for piece in &self.value {
            found |= piece.evaluate_onto(&mut value, exchange, in_path);
        }
        found.then_some(value)
    }
}

impl Piece {
    /// Appends the part; tells whether it is there.
    fn evaluate_onto(&self, value: &mut Vec<u8>, exchange: &Exchange, in_path: bool) -> bool {
        let request = exchange.request();
        let found: Option<Cow<'_, [u8]>> = match self {
            Self::Literal(text) => {
                value.extend_from_slice(text.as_bytes());
                return true;
            }
            Self::Path => {
                let path = exchange.resource_path();
                value.extend_from_slice(if path.is_empty() { b"/" } else { path });
                return true;
            }
            Self::WholePath => {
                value.extend_from_slice(exchange.path());
                return true;
            }
            Self::PathParameter(name) => {
                // It came in a path, and goes back into one as it came.
                if let (true, Some(raw)) = (in_path, exchange.path_parameter(name)) {
                    value.extend_from_slice(raw);
                    return true;
                }
                exchange.path_parameter(name).map(|raw| query::decode(raw, false))
            }
            Self::Header(name) => joined(request.headers.all(name).map(Cow::Borrowed)),
            Self::Query(name) => joined(query::values(request.query().unwrap_or_default(), name)),
            Self::Context(path) => {
                let path: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
                let found = context_variables::variable(exchange, None, &path);
                found.map(|text| Cow::Owned(text.into_owned().into_bytes()))
            }
        };
        let Some(found) = found else { return false };
        if in_path {
            query::encode_onto(value, &found);
        } else {
            value.extend_from_slice(&found);
        }
        true
    }
}

/// Several values are one, joined by commas, as HTTP APIs have it.
fn joined<'a>(mut values: impl Iterator<Item = Cow<'a, [u8]>>) -> Option<Cow<'a, [u8]>> {
    let mut all = values.next()?;
    for value in values {
        let all = all.to_mut();
        all.push(b',');
        all.extend_from_slice(&value);
    }
    Some(all)
}

fn compile_target(target: &str) -> Result<(Action, Place), String> {
    let wrong = || {
        format!(
            "`{target}` is no target: use `append:`, `overwrite:` or `remove:` with `header.NAME` or `querystring.NAME`, or `overwrite:path`"
        )
    };
    let (action, place) = target.split_once(':').ok_or_else(wrong)?;
    let action = match action {
        "append" => Action::Append,
        "overwrite" => Action::Overwrite,
        "remove" => Action::Remove,
        _ => return Err(wrong()),
    };
    if place == "path" && action == Action::Overwrite {
        return Ok((action, Place::Path));
    }
    match place.split_once('.') {
        Some(("header", name)) => {
            let lower = name.to_ascii_lowercase();
            let reserved = RESERVED.contains(&lower.as_str())
                || RESERVED_PREFIXES.iter().any(|prefix| lower.starts_with(prefix));
            if reserved {
                return Err(format!("the header `{name}` cannot be mapped"));
            }
            header_policy::check_mapped(name)?;
            Ok((action, Place::Header(name.into())))
        }
        Some(("querystring", name)) if !name.is_empty() => Ok((action, Place::Query(name.into()))),
        _ => Err(wrong()),
    }
}

/// Parses a value: `$request.header.X` alone, or text with `${request.header.X}` in it.
fn parse_value(
    text: &str,
    variables: &BTreeMap<String, String>,
    path_parameters: &[impl AsRef<str>],
) -> Result<Vec<Piece>, String> {
    if let Some(name) = text.strip_prefix('$').filter(|rest| !rest.starts_with('{')) {
        return Ok(vec![parse_piece(name, variables, path_parameters)?]);
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| format!("`{text}` has an open `${{`"))?;
        if !before.is_empty() {
            pieces.push(Piece::Literal(before.into()));
        }
        pieces.push(parse_piece(name, variables, path_parameters)?);
        rest = after;
    }
    if rest.contains('$') {
        return Err(format!(
            "`{text}`: put a variable inside text as `${{request.header.NAME}}`"
        ));
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Literal(rest.into()));
    }
    Ok(pieces)
}

fn parse_piece(
    name: &str,
    variables: &BTreeMap<String, String>,
    path_parameters: &[impl AsRef<str>],
) -> Result<Piece, String> {
    if name == "request.path" {
        return Ok(Piece::Path);
    }
    let wrong = || {
        format!(
            "`${name}`: use `$request.header.NAME`, `$request.querystring.NAME`, `$request.path`, `$request.path.NAME`, `$context.NAME` or `$stageVariables.NAME`"
        )
    };
    let (source, rest) = name.split_once('.').ok_or_else(wrong)?;
    match (source, rest.split_once('.')) {
        ("context", _) => Ok(Piece::Context(rest.split('.').map(Into::into).collect())),
        ("stageVariables", _) => variables
            .get(rest)
            .map(|value| Piece::Literal(value.as_str().into()))
            .ok_or_else(|| format!("the stage has no variable `{rest}`")),
        ("request", Some(("header", name))) => Ok(Piece::Header(name.into())),
        ("request", Some(("querystring", name))) => Ok(Piece::Query(name.into())),
        ("request", Some(("path", name))) if path_parameters.iter().any(|known| known.as_ref() == name) => {
            Ok(Piece::PathParameter(name.into()))
        }
        ("request", Some(("path", name))) => Err(format!("the route has no parameter `{name}`")),
        ("request", Some(("body", _))) => Err(format!("`${name}`: mapping from a body is not supported yet")),
        _ => Err(wrong()),
    }
}
