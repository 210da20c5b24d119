//! The address of an HTTP integration: a literal host, a path with `{parameters}`. Stage variables are put in, and the
//! whole is checked, at deployment.

use std::collections::BTreeMap;

use portcullis_engines::vtl::{Override, OverridePlace};

use super::{
    expression::{Mapped, Scope},
    query,
    request::Parameter,
};
use crate::refusal::{Refusal, RefusalKind};

/// A URI with places for path parameters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UriTemplate {
    pub(crate) https: bool,
    /// Lower case.
    pub(crate) host: Box<str>,
    pub(crate) port: u16,
    path: Vec<Piece>,
    query: Box<str>,
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Literal(Box<str>),
    Parameter(Box<str>),
}

impl UriTemplate {
    /// Compiles `uri` with the variables of the stage.
    pub(crate) fn compile(uri: &str, variables: &BTreeMap<String, String>) -> Result<Self, String> {
        let uri = resolve_variables(uri, variables)?;
        let (https, rest) = if let Some(rest) = uri.strip_prefix("https://") {
            (true, rest)
        } else if let Some(rest) = uri.strip_prefix("http://") {
            (false, rest)
        } else {
            return Err(format!("`{uri}` must start with `http://` or `https://`"));
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let (host, port) = parse_authority(authority, if https { 443 } else { 80 })?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let printable = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        if !printable(path) || !printable(query) || query.contains(['{', '}']) {
            return Err(format!(
                "`{uri}`: path and query must be printable ASCII, without `#`, and the query without `{{}}`"
            ));
        }
        Ok(Self {
            https,
            host: host.into(),
            port,
            path: parse_path(path)?,
            query: query.into(),
        })
    }

    /// Returns the names of the path parameters.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &str> {
        self.path.iter().filter_map(|piece| match piece {
            Piece::Parameter(name) => Some(name.as_ref()),
            Piece::Literal(_) => None,
        })
    }

    /// Renders path and query: the template's own query, then the caller's where it passes, then what is mapped or set (which
    /// replaces the caller's parameters of the same name).
    pub(crate) fn render(&self, parameters: &Parameters<'_>, scope: Scope<'_>) -> Result<Vec<u8>, Refusal> {
        let queries = parameters.queries;
        let set = |name: &[u8]| parameters.overridden(OverridePlace::RequestQueryString, name);
        let mut target = Vec::with_capacity(scope.exchange.request().target.len() + 64);
        for piece in &self.path {
            match piece {
                Piece::Literal(text) => target.extend_from_slice(text.as_bytes()),
                Piece::Parameter(name) => append_parameter(&mut target, name, parameters, scope)?,
            }
        }
        if target.is_empty() {
            target.push(b'/');
        }
        let mut separator = b'?';
        let mut append = |target: &mut Vec<u8>, part: &dyn Fn(&mut Vec<u8>)| {
            target.push(std::mem::replace(&mut separator, b'&'));
            part(target);
        };
        if !self.query.is_empty() {
            append(&mut target, &|target| {
                target.extend_from_slice(self.query.as_bytes())
            });
        }
        let callers = match scope.exchange.request().query() {
            Some(query) if parameters.passes => query,
            _ => &[],
        };
        if queries.is_empty() && parameters.overrides.is_empty() {
            if !callers.is_empty() {
                append(&mut target, &|target| target.extend_from_slice(callers));
            }
            return Ok(target);
        }
        for (name, value) in query::parameters(callers) {
            let decoded = query::decode(name, true);
            let mapped = queries.iter().any(|mapped| *mapped.name.as_bytes() == *decoded);
            if !mapped && set(&decoded).is_none() {
                append(&mut target, &|target| {
                    target.extend_from_slice(name);
                    target.push(b'=');
                    target.extend_from_slice(value);
                });
            }
        }
        for parameter in queries {
            if set(parameter.name.as_bytes()).is_some() {
                continue;
            }
            for value in parameter.expression.evaluate(scope) {
                append(&mut target, &|target| {
                    query::encode_onto(target, parameter.name.as_bytes());
                    target.push(b'=');
                    value.encode_onto(target);
                });
            }
        }
        let is_query = |known: &&Override| known.place == OverridePlace::RequestQueryString;
        for known in parameters.overrides.iter().filter(is_query) {
            append(&mut target, &|target| {
                query::encode_onto(target, known.name.as_bytes());
                target.push(b'=');
                query::encode_onto(target, known.value.as_bytes());
            });
        }
        Ok(target)
    }
}

/// What is put into a URI.
#[derive(Clone, Copy)]
pub(crate) struct Parameters<'a> {
    pub(crate) paths: &'a [Parameter],
    pub(crate) queries: &'a [Parameter],
    /// What the request template set.
    pub(crate) overrides: &'a [Override],
    /// Whether the caller's query goes along.
    pub(crate) passes: bool,
}

impl<'a> Parameters<'a> {
    fn overridden(&self, place: OverridePlace, name: &[u8]) -> Option<&'a str> {
        let mut known = self.overrides.iter();
        known
            .find(|known| known.place == place && known.name.as_bytes() == name)
            .map(|known| known.value.as_str())
    }
}

fn append_parameter(
    target: &mut Vec<u8>,
    name: &str,
    parameters: &Parameters<'_>,
    scope: Scope<'_>,
) -> Result<(), Refusal> {
    let mapped = || {
        let mapped = parameters.paths.iter().find(|parameter| *parameter.name == *name);
        mapped.and_then(|parameter| parameter.expression.evaluate(scope).pop())
    };
    let value = match parameters.overridden(OverridePlace::RequestPath, name.as_bytes()) {
        Some(value) => Some(Mapped::Plain(value.as_bytes().into())),
        None => mapped(),
    };
    let Some(value) = value else {
        return Err(Refusal::new(
            RefusalKind::ApiConfigurationError,
            format!("the path parameter `{name}` of the integration has no value"),
        ));
    };
    if climbs(&value) {
        return Err(Refusal::new(
            RefusalKind::BadRequestParameters,
            format!("the path parameter `{name}` holds a `.` or `..` segment, which could leave the integration's path"),
        )
        .with_message("Invalid path parameter"));
    }
    value.encode_onto(target);
    Ok(())
}

/// Tells whether a backend that decodes and normalises the value could step out of the path it stands in. AWS does not
/// check this; a gateway whose authorizers hang on paths must.
pub(super) fn climbs(value: &Mapped<'_>) -> bool {
    let decoded = match value {
        Mapped::Plain(value) => value.clone(),
        Mapped::Encoded(value) => query::decode(value, false),
    };
    decoded
        .split(|byte| matches!(byte, b'/' | b'\\'))
        // `..;x` climbs on servers that strip path parameters first.
        .map(|segment| segment.split(|byte| *byte == b';').next().unwrap_or_default())
        .any(|segment| matches!(segment, b"." | b".."))
}

/// Puts stage variables in for `${stageVariables.name}`.
pub(crate) fn resolve_variables(uri: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let mut resolved = String::with_capacity(uri.len());
    let mut rest = uri;
    while let Some((before, after)) = rest.split_once("${") {
        let (inner, after) = after
            .split_once('}')
            .ok_or_else(|| format!("`{uri}` has an open `${{`"))?;
        let name = inner
            .strip_prefix("stageVariables.")
            .ok_or_else(|| format!("`${{{inner}}}`: only `${{stageVariables.NAME}}` is known in a URI"))?;
        let value = variables
            .get(name)
            .ok_or_else(|| format!("the stage has no variable `{name}`, which the URI uses"))?;
        resolved.push_str(before);
        resolved.push_str(value);
        rest = after;
    }
    resolved.push_str(rest);
    Ok(resolved)
}

fn parse_authority(authority: &str, default_port: u16) -> Result<(String, u16), String> {
    let wrong = || format!("`{authority}` is no host: use a name or an address, and a port if need be");
    if authority.contains(['{', '}']) {
        return Err(format!(
            "`{authority}`: the host must be literal or come from a stage variable"
        ));
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => {
            let port = port
                .parse::<u16>()
                .ok()
                .filter(|port| *port != 0)
                .ok_or_else(wrong)?;
            (host, port)
        }
        _ => (authority, default_port),
    };
    let is_address = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
    let is_name = host.len() <= 253
        && host.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        });
    if !is_address && !is_name {
        return Err(wrong());
    }
    Ok((host.to_ascii_lowercase(), port))
}

fn parse_path(path: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| format!("`{path}` has an open `{{`"))?;
        if !before.is_empty() {
            pieces.push(Piece::Literal(before.into()));
        }
        // `{proxy+}` and `{proxy}` mean the same here.
        pieces.push(Piece::Parameter(name.strip_suffix('+').unwrap_or(name).into()));
        rest = after;
    }
    if rest.contains('}') {
        return Err(format!("`{path}` has a `}}` without a `{{`"));
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest.into()));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(uri: &str) -> Result<UriTemplate, String> {
        let variables = BTreeMap::from([("host".to_owned(), "Backend.example:9000".to_owned())]);
        UriTemplate::compile(uri, &variables)
    }

    #[test]
    fn uris_are_taken_apart() {
        let uri = compile("http://${stageVariables.host}/v1/{id}/x/{proxy}?a=b").unwrap();
        assert_eq!(
            (uri.https, uri.host.as_ref(), uri.port),
            (false, "backend.example", 9000)
        );
        assert_eq!(uri.parameters().collect::<Vec<_>>(), ["id", "proxy"]);
        assert_eq!(uri.query.as_ref(), "a=b");
        let uri = compile("https://[::1]").unwrap();
        assert_eq!((uri.host.as_ref(), uri.port), ("[::1]", 443));
        assert_eq!(compile("http://h?x=1").unwrap().query.as_ref(), "x=1");
    }

    #[test]
    fn uris_without_a_literal_host_are_refused() {
        for uri in [
            "ftp://h/",
            "http://",
            "http:///x",
            "http://{host}/x",
            "http://user@h/",
            "http://h:0/",
            "http://h:99999/",
            "http://${stageVariables.none}/",
            "http://${context.x}/",
            "http://h/{x",
            "http://h/x}",
            "http://h/a b",
            "http://h/#x",
            "http://h/?a={b}",
        ] {
            assert!(compile(uri).is_err(), "{uri}");
        }
    }

    #[test]
    fn values_that_climb_are_found() {
        for value in [
            "..", "a/../b", "%2e%2E", "a%2f..", "..%5cx", ".", "a/./b", "..;x/y",
        ] {
            assert!(climbs(&Mapped::Encoded(value.as_bytes())), "{value}");
        }
        for value in ["a", "a..b", "...", "a/b", ".hidden", "%252e%252e"] {
            assert!(!climbs(&Mapped::Encoded(value.as_bytes())), "{value}");
        }
    }
}
