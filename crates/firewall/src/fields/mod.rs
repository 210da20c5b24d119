//! The parts of a request that statements look at, one file each.
//!
//! <https://docs.aws.amazon.com/waf/latest/APIReference/API_FieldToMatch.html>

mod single_header;
mod headers;
mod cookies;
mod single_query_argument;
mod all_query_arguments;
mod uri_path;
mod query_string;
pub(crate) mod body;
mod json_body;
mod method;
mod header_order;

use std::borrow::Cow;

use serde_json::Value;

use crate::{
    reader::{Fields, Problems},
    request::RequestView,
};

type CompileField = fn(&Value, String, &Problems) -> Option<Box<dyn Field>>;

/// How a field is called and compiled.
pub(crate) struct FieldDefinition {
    pub(crate) name: &'static str,
    pub(crate) compile: CompileField,
}

/// Every field that can be inspected.
static FIELDS: &[FieldDefinition] = &[
    single_header::DEFINITION,
    headers::DEFINITION,
    cookies::DEFINITION,
    single_query_argument::DEFINITION,
    all_query_arguments::DEFINITION,
    uri_path::DEFINITION,
    query_string::DEFINITION,
    body::DEFINITION,
    json_body::DEFINITION,
    method::DEFINITION,
    header_order::DEFINITION,
];

/// Fields of AWS that are refused, and why.
static REFUSED: &[(&str, &str)] = &[
    ("UriFragment", "no client sends the fragment of a URI"),
    ("JA3Fingerprint", "fingerprints of TLS clients are not taken"),
    ("JA4Fingerprint", "fingerprints of TLS clients are not taken"),
];

/// How the value of a field is built, for statements that take it apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Value,
    /// `name=value` pairs.
    Query,
    /// Whatever a client posts.
    Body,
}

/// A part of a request.
pub(crate) trait Field: Send + Sync {
    /// Returns AWS's name of the place in match details.
    fn location(&self) -> &'static str;

    /// Adds the values of `request`; `body_bytes` is how much of a body is inspected.
    fn extract<'a>(&'a self, request: &RequestView<'a>, body_bytes: usize, extracted: &mut Extracted<'a>);

    fn needs_body(&self) -> bool {
        false
    }

    fn shape(&self) -> Shape {
        Shape::Value
    }

    /// Returns the capacity units of a statement that costs `units` on a simple field.
    fn capacity(&self, units: u32) -> u32 {
        units
    }
}

/// The values of a field in one request.
#[derive(Default)]
pub(crate) struct Extracted<'a> {
    pub(crate) pieces: Vec<Piece<'a>>,
    /// Set when oversize handling or a fallback has the answer already.
    pub(crate) decided: Option<bool>,
}

/// One value, with the name under which it came.
pub(crate) struct Piece<'a> {
    pub(crate) name: Option<Cow<'a, [u8]>>,
    pub(crate) bytes: Cow<'a, [u8]>,
}

impl<'a> Extracted<'a> {
    pub(crate) fn push(&mut self, bytes: &'a [u8]) {
        self.pieces.push(Piece {
            name: None,
            bytes: Cow::Borrowed(bytes),
        });
    }

    pub(crate) fn push_named(&mut self, name: &'a [u8], bytes: &'a [u8]) {
        self.pieces.push(Piece {
            name: Some(Cow::Borrowed(name)),
            bytes: Cow::Borrowed(bytes),
        });
    }
}

/// Compiles a `FieldToMatch`.
pub(crate) fn compile(value: &Value, path: String, problems: &Problems) -> Option<Box<dyn Field>> {
    let union = Fields::any(value, path, problems)?;
    let (name, settings) = union.choice()?;
    if let Some(definition) = FIELDS.iter().find(|definition| definition.name == name) {
        return (definition.compile)(settings, union.way(name), problems);
    }
    match REFUSED.iter().find(|(refused, _)| *refused == name) {
        Some((_, reason)) => union.refuse(name, format!("{name} is not supported: {reason}")),
        None => union.refuse(
            name,
            format!("`{name}` is not a part of a request that can be inspected"),
        ),
    }
    None
}

/// What happens to a field that is larger than what is inspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Oversize {
    Continue,
    Match,
    NoMatch,
}

impl Oversize {
    /// Reads `OversizeHandling`.
    pub(crate) fn read(fields: &Fields<'_>) -> Option<Self> {
        match fields.one_of("OversizeHandling", &["CONTINUE", "MATCH", "NO_MATCH"])? {
            "MATCH" => Some(Self::Match),
            "NO_MATCH" => Some(Self::NoMatch),
            _ => Some(Self::Continue),
        }
    }

    /// Returns the answer for a field that is oversize; none: inspect its beginning.
    pub(crate) fn outcome(self) -> Option<bool> {
        match self {
            Self::Continue => None,
            Self::Match => Some(true),
            Self::NoMatch => Some(false),
        }
    }
}

/// Which headers or cookies, and which side of them; shared by `headers` and `cookies`.
pub(crate) struct NamedValues {
    names: Names,
    scope: Scope,
    pub(crate) oversize: Oversize,
}

enum Names {
    All,
    Included(Vec<String>),
    Excluded(Vec<String>),
}

/// Keys, values or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    All,
    Key,
    Value,
}

impl Scope {
    /// Reads `MatchScope`.
    pub(crate) fn read(fields: &Fields<'_>) -> Option<Self> {
        match fields.one_of("MatchScope", &["ALL", "KEY", "VALUE"])? {
            "KEY" => Some(Self::Key),
            "VALUE" => Some(Self::Value),
            _ => Some(Self::All),
        }
    }
}

impl NamedValues {
    /// Reads `MatchPattern`, `MatchScope` and `OversizeHandling`.
    pub(crate) fn read(
        value: &Value,
        path: String,
        included: &'static str,
        excluded: &'static str,
        problems: &Problems,
    ) -> Option<Self> {
        let fields = Fields::of(
            value,
            path,
            &["MatchPattern", "MatchScope", "OversizeHandling"],
            problems,
        )?;
        let scope = Scope::read(&fields);
        let oversize = Oversize::read(&fields);
        let pattern = fields.object("MatchPattern", &["All", included, excluded])?;
        let (name, settings) = pattern.choice()?;
        let texts = || {
            Some(
                pattern
                    .texts(name, 1, 199)?
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
            )
        };
        let names = if name == "All" {
            Fields::of(settings, pattern.way(name), &[], problems)?;
            Names::All
        } else if name == included {
            Names::Included(texts()?)
        } else {
            Names::Excluded(texts()?)
        };
        Some(Self {
            names,
            scope: scope?,
            oversize: oversize?,
        })
    }

    /// Adds what the pattern selects of one name and value.
    pub(crate) fn add<'a>(&self, name: &'a [u8], value: &'a [u8], extracted: &mut Extracted<'a>) {
        let is_in = |names: &[String]| {
            names
                .iter()
                .any(|known| known.as_bytes().eq_ignore_ascii_case(name))
        };
        let is_selected = match &self.names {
            Names::All => true,
            Names::Included(names) => is_in(names),
            Names::Excluded(names) => !is_in(names),
        };
        if !is_selected {
            return;
        }
        if self.scope != Scope::Value {
            extracted.push_named(name, name);
        }
        if self.scope != Scope::Key {
            extracted.push_named(name, value);
        }
    }
}

/// Splits a raw query into names and values. An argument without `=` is all value: that is where an attack on a
/// careless reader would sit.
pub(crate) fn query_arguments(query: &str) -> impl Iterator<Item = (&[u8], &[u8])> {
    query
        .split('&')
        .filter(|argument| !argument.is_empty())
        .map(|argument| match argument.split_once('=') {
            Some((name, value)) => (name.as_bytes(), value.as_bytes()),
            None => (&b""[..], argument.as_bytes()),
        })
}

/// Refuses settings on a field that takes none.
pub(crate) fn without_settings(value: &Value, path: String, problems: &Problems) -> Option<()> {
    Fields::of(value, path, &[], problems).map(|_| ())
}
