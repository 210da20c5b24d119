//! What a template may see: context variables, stage variables, parameters and the body. The gateway fills it in.

use std::borrow::Cow;
use std::cell::OnceCell;

use serde_json::Value;

/// A value lent to a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Found<'a> {
    /// A text, printed as it is.
    Text(Cow<'a, str>),
    /// Anything else, printed as Java prints it.
    Json(Cow<'a, Value>),
}

impl<'a> Found<'a> {
    /// Lends a text.
    pub const fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// Hands over a text made for the occasion.
    pub const fn owned(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }

    /// Lends a JSON value.
    pub const fn json(value: &'a Value) -> Self {
        Self::Json(Cow::Borrowed(value))
    }
}

/// The three places where a request has parameters, in the order in which `$input.params('x')` looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParameterPlace {
    Path,
    QueryString,
    Header,
}

impl ParameterPlace {
    /// All places, in the order in which `$input.params('x')` looks.
    pub const ALL: [Self; 3] = [Self::Path, Self::QueryString, Self::Header];

    /// Returns the name that templates use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::QueryString => "querystring",
            Self::Header => "header",
        }
    }

    /// Finds a place by the name that templates use.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.name() == name)
    }
}

/// What a template may set of `$context`: a parameter of the request that an integration gets, or of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OverridePlace {
    RequestHeader,
    RequestPath,
    RequestQueryString,
    ResponseHeader,
    ResponseStatus,
}

impl OverridePlace {
    const ALL: [(&'static str, &'static str, Self); 5] = [
        ("requestOverride", "header", Self::RequestHeader),
        ("requestOverride", "path", Self::RequestPath),
        ("requestOverride", "querystring", Self::RequestQueryString),
        ("responseOverride", "header", Self::ResponseHeader),
        ("responseOverride", "status", Self::ResponseStatus),
    ];

    /// Finds a place by its names under `$context`.
    pub fn find(side: &str, kind: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|(known, name, _)| *known == side && *name == kind)
            .map(|(.., place)| *place)
    }

    /// Returns the names under `$context`, a full stop between.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestHeader => "requestOverride.header",
            Self::RequestPath => "requestOverride.path",
            Self::RequestQueryString => "requestOverride.querystring",
            Self::ResponseHeader => "responseOverride.header",
            Self::ResponseStatus => "responseOverride.status",
        }
    }
}

/// A parameter that a template has set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    pub place: OverridePlace,
    /// Empty for the status.
    pub name: String,
    pub value: String,
}

impl Override {
    /// Tells whether it stands at `path` under `$context`.
    pub fn is_at(&self, path: &[&str]) -> bool {
        match path {
            [side, kind] => self.place == OverridePlace::ResponseStatus && self.is_of(side, kind),
            [side, kind, name] => self.is_of(side, kind) && self.name == *name,
            _ => false,
        }
    }

    fn is_of(&self, side: &str, kind: &str) -> bool {
        OverridePlace::find(side, kind) == Some(self.place)
    }
}

/// Everything that a template, or the substitution of a gateway response, can ask for.
///
/// `None` means undefined, which renders as nothing.
pub trait Scope {
    /// Returns `$context.a.b`, asked as `["a", "b"]`; `["authorizer", "claims", "email"]` is a claim.
    fn context(&self, path: &[&str]) -> Option<Found<'_>>;

    /// Returns a variable of the stage.
    fn stage_variable(&self, name: &str) -> Option<Cow<'_, str>>;

    /// Returns one parameter; of several values the one that AWS shows, which is the last.
    ///
    /// Names in the path and the query compare exactly, as AWS says; names of header fields without case, because
    /// HTTP/2 sends them in lower case and a template must mean the same over both versions.
    fn parameter(&self, place: ParameterPlace, name: &str) -> Option<Cow<'_, str>>;

    /// Returns every parameter of a place, for `$input.params()`.
    fn parameters(&self, place: ParameterPlace) -> Vec<(Cow<'_, str>, Cow<'_, str>)>;

    /// Returns the body that the template maps.
    fn input(&self) -> &Input<'_>;
}

/// The body that a template maps; its JSON is parsed when first asked for, once.
#[derive(Debug)]
pub struct Input<'a> {
    bytes: Cow<'a, [u8]>,
    json: OnceCell<Result<Option<Value>, InputProblem>>,
}

/// Why a body cannot be read by `$input.path` and `$input.json`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputProblem {
    /// It begins like an object or a list and is none.
    #[error("the body is not valid JSON: {0}")]
    NotJson(String),
    /// It is not text at all.
    #[error("the body is not UTF-8 text")]
    NotText,
}

impl<'a> Input<'a> {
    /// Wraps the bytes of a body; the caller has limited their number.
    pub fn new(bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        Self {
            bytes: bytes.into(),
            json: OnceCell::new(),
        }
    }

    /// Wraps no body, for templates that do not use it.
    pub const fn empty() -> Self {
        Self {
            bytes: Cow::Borrowed(&[]),
            json: OnceCell::new(),
        }
    }

    /// Tells whether there is no body.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns `$input.body`: the text as it came, `{}` when there is none (recorded on AWS).
    pub fn body(&self) -> Result<&str, InputProblem> {
        if self.is_empty() {
            return Ok("{}");
        }
        std::str::from_utf8(&self.bytes).map_err(|_| InputProblem::NotText)
    }

    /// Returns the body as JSON, `None` when there is no body.
    ///
    /// A body that begins like neither an object nor a list nor any other JSON value is taken for a plain text, as
    /// Jayway's lenient parser takes it; one that begins like an object or a list and is broken is refused.
    pub fn json(&self) -> Result<Option<&Value>, InputProblem> {
        match self.json.get_or_init(|| parse_body(&self.bytes)) {
            Ok(value) => Ok(value.as_ref()),
            Err(problem) => Err(problem.clone()),
        }
    }
}

fn parse_body(bytes: &[u8]) -> Result<Option<Value>, InputProblem> {
    let text = std::str::from_utf8(bytes).map_err(|_| InputProblem::NotText)?;
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(None);
    }
    match serde_json::from_str(trimmed) {
        Ok(value) => Ok(Some(value)),
        Err(problem) if trimmed.starts_with(['{', '[']) => Err(InputProblem::NotJson(problem.to_string())),
        Err(_) => Ok(Some(Value::String(text.to_owned()))),
    }
}
