//! Which parts of a JSON value does a path name? JSONPath as Jayway evaluates it, since API Gateway does: a definite
//! path gives a value, an indefinite one a list, a missing one nothing. Not RFC 9535, whose lists are always lists.
//!
//! Known: `$`, `.a`, `['a']`, `['a','b']`, `[0]`, `[-1]`, `[0,2]`, `[1:3]`, `[*]`, `.*`, `..a`, one function at the end
//! (`length() size() min() max() avg() sum() stddev() keys() first() last() index(n) concat()`), and filters
//! `[?(@.a == 'x' && @.b > 3)]` with `== != < <= > >= =~ in nin subsetof anyof noneof all contains size empty ! && ||`.
//! Which of them API Gateway's Jayway has is not recorded; those of the current one are here, but for functions with arguments
//! and inside filters, which are refused by name.

mod cursor;
mod path;
mod parse;
mod parse_filter;
mod evaluate;
mod filter;
mod function;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde_json::Value;

use evaluate::Evaluation;
use function::Function;
use path::Token;

/// The longest path.
pub const PATH_BYTES_MAX: usize = 4096;
/// The most steps in one path, those of paths inside filters apart.
pub const PATH_TOKENS_MAX: usize = 64;
/// How deep filters, parentheses and lists may nest in a path.
pub const FILTER_DEPTH_MAX: u32 = 16;

/// A path, compiled once.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath {
    tokens: Vec<Token>,
    function: Option<Function>,
}

/// Why a text is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} at character {offset}")]
pub struct JsonPathProblem {
    /// Characters before the place, counted from 0.
    pub offset: usize,
    pub message: String,
}

/// One step of a path that names a single value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'p> {
    Property(&'p str),
    Index(i64),
}

/// What one evaluation may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How deep `..` goes into the value.
    pub depth_max: u32,
    /// Values looked at, or copied into a list, in all.
    pub nodes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth_max: 128,
            nodes_max: 1_000_000,
        }
    }
}

/// Why an evaluation was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitExceeded {
    #[error("the value is nested deeper than {0} levels")]
    Depth(u32),
    #[error("the path visits more than {0} values")]
    Nodes(usize),
}

impl JsonPath {
    /// Compiles a path. Like Jayway, takes a path that does not begin with `$` as beneath the root.
    pub fn parse(text: &str) -> Result<Self, JsonPathProblem> {
        parse::parse(text)
    }

    /// Tells whether the path names at most one value.
    pub fn is_definite(&self) -> bool {
        path::is_definite(&self.tokens)
    }

    /// Tells whether the path is `$`.
    pub fn is_root(&self) -> bool {
        self.tokens.is_empty() && self.function.is_none()
    }

    /// Returns what the path names under `root`: nothing, a value, or for an indefinite path a list.
    pub fn evaluate<'v>(
        &self,
        root: &'v Value,
        limits: &Limits,
    ) -> Result<Option<Cow<'v, Value>>, LimitExceeded> {
        Ok(self.evaluate_counted(root, limits)?.0)
    }

    /// Does the same, and tells how many values it looked at.
    pub(crate) fn evaluate_counted<'v>(
        &self,
        root: &'v Value,
        limits: &Limits,
    ) -> Result<(Option<Cow<'v, Value>>, usize), LimitExceeded> {
        let mut evaluation = Evaluation::new(root, limits);
        let selected = evaluation.select(&self.tokens, root)?;
        let selected = match self.function {
            Some(function) => selected.and_then(|value| function.apply(&value)).map(Cow::Owned),
            None => selected,
        };
        Ok((selected, evaluation.nodes()))
    }

    /// Walks a path of names and indices through values of another kind; none where the path has other steps.
    pub(crate) fn walk<V>(
        &self,
        root: V,
        mut into: impl FnMut(V, Step<'_>) -> Option<V>,
    ) -> Option<Option<V>> {
        if self.function.is_some() {
            return None;
        }
        let mut steps = Vec::with_capacity(self.tokens.len());
        for token in &self.tokens {
            steps.push(match token {
                Token::Property(name) => Step::Property(name),
                Token::Index(index) => Step::Index(*index),
                _ => return None,
            });
        }
        Some(steps.into_iter().try_fold(root, &mut into))
    }
}
