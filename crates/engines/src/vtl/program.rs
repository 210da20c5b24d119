//! A template compiled: names are slots, methods are known, patterns and paths are ready.

use regex::Regex;

use super::ast::Operator;
use super::methods::Method;
use super::util_functions::Util;
use super::{OverridePlace, ParameterPlace};
use crate::json_path::JsonPath;

/// Slots that a `#foreach` fills: `$velocityCount`, `$velocityHasNext`, `$foreach`.
pub(super) const LOOP_NAMES: [&str; 3] = ["velocityCount", "velocityHasNext", "foreach"];

/// A piece of a compiled template.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Text(Box<str>),
    Value(Reference),
    Set(Target, Expression),
    If {
        arms: Vec<(Expression, Vec<Step>)>,
        otherwise: Vec<Step>,
    },
    Foreach {
        slot: usize,
        list: Expression,
        body: Vec<Step>,
    },
    Define {
        slot: usize,
        body: Vec<Step>,
    },
    Break,
    Stop,
}

/// What a `#set` changes.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Variable(usize),
    /// `$x.y.z` and `$x['z']`: what is changed, and the name of its member.
    Member(Reference, Expression),
    /// `$context.requestOverride.header.x`
    Override(OverridePlace, Expression),
}

/// A value's source and the way into it.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) source: Source,
    pub(super) accesses: Vec<Access>,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Variable(usize),
    Context(Vec<Box<str>>),
    StageVariable(Box<Expression>),
    Body,
    Path(Path),
    Json(Path),
    /// `$input.params()`
    Parameters,
    /// `$input.params().header`
    ParametersOf(ParameterPlace),
    /// `$input.params().header.x`
    ParameterOf(ParameterPlace, Box<Expression>),
    /// `$input.params('x')`
    Parameter(Box<Expression>),
    /// `$util.urlEncode('x')`
    Util(Util, Box<Expression>),
}

/// A step into a value.
#[derive(Clone, Debug)]
pub(super) enum Access {
    Property(Box<str>),
    Index(Expression),
    /// With the pattern, where it is written out.
    Call(Method, Vec<Expression>, Option<Box<Regex>>),
}

/// A JSONPath, compiled unless it is only known at the request.
#[derive(Clone, Debug)]
pub(super) enum Path {
    Known(JsonPath),
    Rendered(Box<Expression>),
}

/// What has a value.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    Null,
    Boolean(bool),
    Integer(i128),
    Decimal(f64),
    Text(Box<str>),
    Interpolated(Vec<Step>),
    Reference(Box<Reference>),
    List(Vec<Expression>),
    Map(Vec<(Expression, Expression)>),
    Range(Box<(Expression, Expression)>),
    Not(Box<Expression>),
    Binary(Operator, Box<(Expression, Expression)>),
}
