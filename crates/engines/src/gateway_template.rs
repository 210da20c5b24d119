//! What does the body or a header of a gateway response say? Simple substitution of `$context.…`, `$stageVariables.…`
//! and `$method.request.{header,path,querystring}.…` (AWS page "Set up gateway responses to customize errors"): not
//! Velocity and no escaping, so a JSON template takes `$context.error.messageString`, which has its quotes. Undefined
//! variables are nothing; what is no variable stays as it is.

use crate::vtl::{ParameterPlace, Scope, plain_text};

#[cfg(test)]
mod tests;

/// The longest template; AWS names none for gateway responses, so it is that of mapping templates.
pub const TEMPLATE_BYTES_MAX: usize = 300 * 1024;

/// Why a template or a header of a gateway response is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GatewayTemplateProblem {
    #[error("the template has {0} bytes, {TEMPLATE_BYTES_MAX} are allowed")]
    TooLong(usize),
    #[error(
        "`{0}` is not an expression: write `'text'`, `context.name`, `stageVariables.name` or \
         `method.request.header.name` (also `path`, `querystring`)"
    )]
    UnknownExpression(String),
    #[error("`{0}` holds a control character, which a header field must not")]
    ControlCharacter(String),
}

/// The body of a gateway response, compiled once at deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayTemplate {
    pieces: Vec<Piece>,
}

/// The value of a header of a gateway response, compiled once at deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayExpression {
    piece: Piece,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Context(Vec<String>),
    StageVariable(String),
    Parameter(ParameterPlace, String),
}

impl GatewayTemplate {
    /// Compiles a response template.
    pub fn parse(text: &str) -> Result<Self, GatewayTemplateProblem> {
        if text.len() > TEMPLATE_BYTES_MAX {
            return Err(GatewayTemplateProblem::TooLong(text.len()));
        }
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            literal.push_str(before);
            rest = after;
            match variable_in_text(after) {
                Some((piece, remaining)) => {
                    pieces.extend(non_empty(&mut literal));
                    pieces.push(piece);
                    rest = remaining;
                }
                None => literal.push('$'),
            }
        }
        literal.push_str(rest);
        pieces.extend(non_empty(&mut literal));
        Ok(Self { pieces })
    }

    /// Fills it in.
    pub fn render(&self, scope: &dyn Scope) -> String {
        self.pieces
            .iter()
            .filter_map(|piece| piece.render(scope))
            .collect()
    }
}

impl GatewayExpression {
    /// Compiles `'text'`, `context.…`, `stageVariables.…` or `method.request.….…`.
    pub fn parse(text: &str) -> Result<Self, GatewayTemplateProblem> {
        let quoted = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        if let Some(literal) = quoted {
            if has_control_character(literal) {
                return Err(GatewayTemplateProblem::ControlCharacter(text.to_owned()));
            }
            return Ok(Self {
                piece: Piece::Text(literal.to_owned()),
            });
        }
        match variable(text) {
            Some((piece, "")) => Ok(Self { piece }),
            _ => Err(GatewayTemplateProblem::UnknownExpression(text.to_owned())),
        }
    }

    /// Returns the value; none when it is undefined or holds a control character, which a stranger's parameter may.
    pub fn render(&self, scope: &dyn Scope) -> Option<String> {
        self.piece
            .render(scope)
            .filter(|value| !has_control_character(value))
    }
}

impl Piece {
    fn render(&self, scope: &dyn Scope) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Context(path) => {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                scope.context(&path).map(|found| plain_text(&found))
            }
            Self::StageVariable(name) => scope.stage_variable(name).map(|value| value.into_owned()),
            Self::Parameter(place, name) => scope.parameter(*place, name).map(|value| value.into_owned()),
        }
    }
}

fn non_empty(literal: &mut String) -> Option<Piece> {
    let text = std::mem::take(literal);
    (!text.is_empty()).then_some(Piece::Text(text))
}

/// Reads what follows a `$`: a variable, or one in braces. Returns what comes after it.
fn variable_in_text(text: &str) -> Option<(Piece, &str)> {
    match text.strip_prefix('{') {
        Some(inside) => {
            let (piece, rest) = variable(inside)?;
            Some((piece, rest.strip_prefix('}')?))
        }
        None => variable(text),
    }
}

fn variable(text: &str) -> Option<(Piece, &str)> {
    if let Some(mut rest) = text.strip_prefix("context") {
        let mut path = Vec::new();
        while let Some((name, after)) = rest.strip_prefix('.').and_then(name) {
            path.push(name);
            rest = after;
        }
        return (!path.is_empty()).then_some((Piece::Context(path), rest));
    }
    if let Some(rest) = text.strip_prefix("stageVariables.") {
        return name(rest).map(|(name, rest)| (Piece::StageVariable(name), rest));
    }
    let rest = text.strip_prefix("method.request.")?;
    ParameterPlace::ALL.into_iter().find_map(|place| {
        let (name, rest) = name(rest.strip_prefix(place.name())?.strip_prefix('.')?)?;
        Some((Piece::Parameter(place, name), rest))
    })
}

/// Splits a name off. A dot after it is a step only if another name follows, so a sentence may end in a variable.
fn name(text: &str) -> Option<(String, &str)> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    let end = text.find(|character| !is_part(character)).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    (!name.is_empty()).then(|| (name.to_owned(), rest))
}

fn has_control_character(text: &str) -> bool {
    text.chars()
        .any(|character| character.is_control() && character != '\t')
}
