//! What does a mapping template say? Velocity 1.7's text and references, over the variables that API Gateway gives a
//! template (AWS page "Mapping template and access logging variable reference"). Directives (`#set`, `#if`, `#foreach`,
//! macros) are not known yet: a template that uses them is refused when it is deployed, with its place.
//!
//! Undefined references render as nothing, quiet (`$!x`) or not, as recorded on API Gateway; plain Velocity would print
//! their source.

mod scope;
mod cursor;
mod ast;
mod parse;
mod reference;
mod compile;
mod evaluate;
mod print;
mod util_functions;
#[cfg(test)]
pub(crate) mod tests;

use portcullis_model::Place;

use crate::json_path::LimitExceeded;
use compile::Step;
use evaluate::Rendering;
pub(crate) use print::plain_text;

pub use scope::{Found, Input, InputProblem, ParameterPlace, Scope};

/// The longest template (AWS: 300 KB).
pub const TEMPLATE_BYTES_MAX: usize = 300 * 1024;

/// A template, compiled once at deployment.
#[derive(Clone, Debug)]
pub struct Template {
    steps: Vec<Step>,
    uses_body: bool,
}

/// Why a template is refused, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {}, column {}: {message}", place.line, place.column)]
pub struct TemplateProblem {
    pub place: Place,
    pub message: String,
}

/// What one rendering may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub output_bytes_max: usize,
    /// Nodes evaluated and values visited.
    pub steps_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            output_bytes_max: 10 * 1024 * 1024,
            steps_max: 1_000_000,
        }
    }
}

/// Why a rendering failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    #[error("the output is longer than {0} bytes")]
    OutputTooLong(usize),
    #[error("the template takes more than {0} steps")]
    TooManySteps(usize),
    /// A function of `$util` was given what it cannot read.
    #[error("`$util.{0}`: {1}")]
    Util(&'static str, String),
    #[error(transparent)]
    Input(#[from] InputProblem),
    /// A path that was put together at the request.
    #[error("`{0}` is not a JSONPath: {1}")]
    JsonPath(String, String),
    #[error(transparent)]
    TooCostly(#[from] LimitExceeded),
}

impl Template {
    /// Compiles a template; refuses what it cannot render.
    pub fn parse(text: &str) -> Result<Self, TemplateProblem> {
        let start = Place { line: 1, column: 1 };
        if text.len() > TEMPLATE_BYTES_MAX {
            let message = format!(
                "the template has {} bytes, {TEMPLATE_BYTES_MAX} are allowed",
                text.len()
            );
            return Err(TemplateProblem {
                place: start,
                message,
            });
        }
        let mut uses_body = false;
        let steps = compile::compile(parse::parse(text, start, 0)?, &mut uses_body)?;
        Ok(Self { steps, uses_body })
    }

    /// Tells whether rendering needs the body.
    pub const fn uses_body(&self) -> bool {
        self.uses_body
    }

    /// Renders the template over `scope`.
    pub fn render(&self, scope: &dyn Scope, limits: &Limits) -> Result<String, RenderError> {
        Rendering::new(scope, limits).render(&self.steps)
    }
}
