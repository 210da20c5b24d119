//! JSON Schema: is a value what a schema asks for, and if not, why? A thin face over the crate `jsonschema`; what the
//! crate leaves open (drafts, where `$ref` may lead, limits, wording) is decided here. Nothing is ever fetched.
//!
//! Draft 4 unless `$schema` names draft 6, 7, 2019-09 or 2020-12; formats are checked. Patterns run in linear time, so a
//! pattern with look-around or back-references is refused when the schema is compiled.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html>

mod documents;
mod reach;
mod words;

use std::fmt;

use jsonschema::{
    Draft, PatternOptions, ReferencingError, ValidationError, Validator, error::ValidationErrorKind,
};
use serde_json::Value;

pub use documents::{Documents, model_url};
use reach::Reach;

/// The longest schema, in bytes: AWS's quota for a model, 400 KB.
pub const SCHEMA_BYTES_MAX: usize = 400 * 1024;
/// Schemas that apply to one and the same value, one within the other (`allOf`, `$ref`, …). With the depth of a JSON text,
/// which the parser holds to 128, it bounds the stack that a check needs.
pub const IN_PLACE_MAX: usize = 32;
/// Errors that one check tells.
pub const ERRORS_MAX: usize = 20;
/// The largest automaton of a pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;
/// Values of an instance times subschemas that may be looked at to say what is wrong. Whether something is wrong is always
/// known; beyond this only that is said, since alternatives within alternatives multiply the reasons.
const DESCRIBED_MAX: usize = 50_000;
/// Formats that are defined but need tables of Unicode that the build leaves out.
const FORMATS_LEFT_OUT: [&str; 2] = ["idn-email", "idn-hostname"];

/// A schema, compiled once.
pub struct Schema {
    validator: Validator,
    /// Subschemas when every reference is followed; none when that has no end.
    subschemas: Option<usize>,
}

/// Why a text is no schema that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaProblem {
    #[error("the schema exceeds {SCHEMA_BYTES_MAX} bytes")]
    TooLong,
    #[error("the schema is not JSON: {0}")]
    NotJson(String),
    #[error("the schema must be a JSON object")]
    NotAnObject,
    #[error("`$schema` names `{0}`: use draft 4, 6, 7, 2019-09 or 2020-12")]
    Draft(String),
    #[error("`$ref`: {0}")]
    Reference(String),
    #[error(
        "the pattern `{0}` cannot be matched in linear time: look-around and back-references are not supported"
    )]
    Pattern(String),
    #[error("the format `{0}` is not supported: describe it with a `pattern`")]
    Format(String),
    #[error("{0}")]
    Nesting(String),
    #[error("{place}: {message}")]
    Invalid { place: String, message: String },
}

/// What is wrong with a value, in the words that AWS uses for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// May hold parts of the value.
    pub message: String,
    /// Where in the value: a JSON pointer, empty at the root.
    pub pointer: String,
    /// The keyword of the schema that is not met.
    pub keyword: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Schema {
    /// Compiles `text`, whose own address is `url`. Every `$ref` leads into the text itself, into `documents`, or into one of
    /// the drafts; any other is refused.
    pub fn compile(text: &str, url: Option<&str>, documents: &Documents) -> Result<Self, SchemaProblem> {
        if text.len() > SCHEMA_BYTES_MAX {
            return Err(SchemaProblem::TooLong);
        }
        let schema: Value =
            serde_json::from_str(text).map_err(|cause| SchemaProblem::NotJson(cause.to_string()))?;
        if !schema.is_object() {
            return Err(SchemaProblem::NotAnObject);
        }
        Self::build(&schema, url, documents)
    }

    fn build(schema: &Value, url: Option<&str>, documents: &Documents) -> Result<Self, SchemaProblem> {
        let draft = draft_of(schema)?;
        if let Some(format) = left_out_format(schema) {
            return Err(SchemaProblem::Format(format.to_owned()));
        }
        let reach = Reach::of(schema, url, documents)?;
        let mut options = jsonschema::options()
            .with_draft(draft)
            .should_validate_formats(true)
            .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_BYTES_MAX))
            .with_retriever(documents.clone());
        if let Some(url) = url {
            options = options.with_base_uri(url);
        }
        let validator = options.build(schema).map_err(|error| problem(&error))?;
        Ok(Self {
            validator,
            subschemas: reach.subschemas,
        })
    }

    /// Tells whether `value` is what the schema asks for.
    pub fn is_valid(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }

    /// Checks `value`; what is wrong comes in the order of the schema, [`ERRORS_MAX`] at most.
    pub fn check(&self, value: &Value) -> Result<(), Vec<Mismatch>> {
        if self.is_valid(value) {
            return Ok(());
        }
        let values_max = self
            .subschemas
            .map_or(0, |subschemas| DESCRIBED_MAX / subschemas.max(1));
        if !reach::has_at_most(value, values_max) {
            return Err(vec![Mismatch {
                message: "instance failed to match the schema".into(),
                pointer: String::new(),
                keyword: String::new(),
            }]);
        }
        Err(words::mismatches(self.validator.iter_errors(value)))
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Schema({:?} subschemas)", self.subschemas)
    }
}

/// Returns the draft that `schema` names, else draft 4.
fn draft_of(schema: &Value) -> Result<Draft, SchemaProblem> {
    let Some(named) = schema.get("$schema") else {
        return Ok(Draft::Draft4);
    };
    let uri = named.as_str().unwrap_or_default();
    let bare = uri.trim_end_matches('#');
    let bare = bare
        .strip_prefix("http://")
        .or_else(|| bare.strip_prefix("https://"));
    match bare.unwrap_or_default() {
        "json-schema.org/draft-04/schema" => Ok(Draft::Draft4),
        "json-schema.org/draft-06/schema" => Ok(Draft::Draft6),
        "json-schema.org/draft-07/schema" => Ok(Draft::Draft7),
        "json-schema.org/draft/2019-09/schema" => Ok(Draft::Draft201909),
        "json-schema.org/draft/2020-12/schema" => Ok(Draft::Draft202012),
        _ => Err(SchemaProblem::Draft(
            named.as_str().map_or_else(|| named.to_string(), str::to_owned),
        )),
    }
}

/// Returns a format that would be ignored although it is defined.
fn left_out_format(schema: &Value) -> Option<&str> {
    match schema {
        Value::Object(members) => {
            let own = members.get("format").and_then(Value::as_str);
            own.filter(|format| FORMATS_LEFT_OUT.contains(format))
                .or_else(|| members.values().find_map(left_out_format))
        }
        Value::Array(items) => items.iter().find_map(left_out_format),
        _ => None,
    }
}

/// Says why the crate takes a schema for none.
fn problem(error: &ValidationError<'_>) -> SchemaProblem {
    let pattern = error.instance().as_str().unwrap_or_default();
    match error.kind() {
        ValidationErrorKind::Referencing(ReferencingError::Unretrievable { uri, .. }) => {
            SchemaProblem::Reference(format!(
                "`{uri}` is no model of this API, and nothing else is read"
            ))
        }
        ValidationErrorKind::Referencing(cause) => SchemaProblem::Reference(cause.to_string()),
        ValidationErrorKind::Format { format } if format == "regex" && needs_backtracking(pattern) => {
            SchemaProblem::Pattern(pattern.to_owned())
        }
        _ => {
            let at = error.instance_path().as_str();
            let at = if at.is_empty() {
                error.schema_path().as_str()
            } else {
                at
            };
            let message = match words::alternative(error) {
                Some(deeper) => deeper,
                None => words::message(error),
            };
            SchemaProblem::Invalid {
                place: if at.is_empty() { "/".into() } else { at.to_owned() },
                message,
            }
        }
    }
}

/// Tells whether a pattern asks for what no automaton can do.
fn needs_backtracking(pattern: &str) -> bool {
    let is_reference = |pair: &[u8]| matches!(pair, [b'\\', b'1'..=b'9' | b'k']);
    ["(?=", "(?!", "(?<=", "(?<!"]
        .iter()
        .any(|look| pattern.contains(look))
        || pattern.as_bytes().windows(2).any(is_reference)
}

#[cfg(test)]
mod tests;
