//! What does a mapping template say? Velocity 1.7 as API Gateway has it, over the variables that it gives a template (AWS pages
//! "Mapping template and access logging variable reference", "Use a mapping template to override an API's request and response
//! parameters"; Velocity 1.7 user guide).
//!
//! Where API Gateway was recorded to differ from Velocity, it stands: an undefined reference is an empty text, quiet (`$!x`) or
//! not, and true in a condition; macros and `#evaluate` do not exist. A map prints as Java prints it, a list of the body as JSON.

mod scope;
mod cursor;
mod ast;
mod parse;
mod directive;
mod expression;
mod reference;
mod program;
mod compile;
mod value;
mod rendering;
mod evaluate;
mod members;
mod methods;
mod print;
mod util_functions;
#[cfg(test)]
pub(crate) mod tests;

use portcullis_model::Place;

use crate::json_path::LimitExceeded;
use compile::Compiler;
pub(crate) use print::plain_text;
use program::Step;
use rendering::Rendering;

pub use scope::{Found, Input, InputProblem, Override, OverridePlace, ParameterPlace, Scope};

/// The longest template (AWS: 300 KB).
pub const TEMPLATE_BYTES_MAX: usize = 300 * 1024;

/// A template, compiled once at deployment.
#[derive(Clone, Debug)]
pub struct Template {
    steps: Vec<Step>,
    variables: usize,
    uses_body: bool,
    overrides: Vec<OverridePlace>,
}

/// What came of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    pub text: String,
    /// What it set of `$context.requestOverride` and `$context.responseOverride`.
    pub overrides: Vec<Override>,
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
    /// Bytes of all texts that a template makes on the way.
    pub made_bytes_max: usize,
    /// Nodes evaluated and values visited.
    pub steps_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            output_bytes_max: 10 * 1024 * 1024,
            made_bytes_max: 64 * 1024 * 1024,
            steps_max: 1_000_000,
        }
    }
}

/// Why a rendering failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    #[error("the output is longer than {0} bytes")]
    OutputTooLong(usize),
    #[error("the template makes more than {0} bytes of text")]
    TooMuchText(usize),
    #[error("the template takes more than {0} steps")]
    TooManySteps(usize),
    #[error("a `#foreach` takes more than {0} turns")]
    TooManyTurns(usize),
    #[error("a value nests deeper than {0} levels")]
    TooDeep(u32),
    #[error("a block of `#define` stands in itself more than {0} times")]
    BlockInItself(usize),
    #[error("a list changed while `#foreach` went through it")]
    Changed,
    /// Java would throw.
    #[error("the index `{0}` is out of bounds: there are {1}")]
    OutOfBounds(String, usize),
    #[error("`.{0}()`: {1}")]
    Method(&'static str, String),
    #[error("`{0}` is overridden twice, and an override is final")]
    OverriddenTwice(String),
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
        let mut compiler = Compiler::new();
        let steps = compiler.block(parse::parse(text, start, 0)?)?;
        Ok(Self {
            steps,
            variables: compiler.variables(),
            uses_body: compiler.uses_body,
            overrides: compiler.overrides,
        })
    }

    /// Tells whether rendering needs the body.
    pub const fn uses_body(&self) -> bool {
        self.uses_body
    }

    /// Returns what the template may set of `$context`.
    pub fn overrides(&self) -> &[OverridePlace] {
        &self.overrides
    }

    /// Renders the template over `scope`.
    pub fn render(&self, scope: &dyn Scope, limits: &Limits) -> Result<Rendered, RenderError> {
        let mut rendering = Rendering::new(scope, limits, self.variables);
        let text = rendering.render(&self.steps)?;
        Ok(Rendered {
            text,
            overrides: rendering.overrides,
        })
    }
}
