//! A template taken apart, before anyone asks what it means.

use portcullis_model::Place;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Text(String),
    Reference(Reference),
    /// `#set($x.y = …)`
    Set {
        place: Place,
        target: Reference,
        value: Expression,
    },
    /// `#if(…) … #elseif(…) … #else … #end`
    If {
        arms: Vec<(Expression, Vec<Node>)>,
        otherwise: Vec<Node>,
    },
    /// `#foreach($x in …) … #end`
    Foreach {
        variable: String,
        list: Expression,
        body: Vec<Node>,
    },
    /// `#define($x) … #end`
    Define {
        name: String,
        body: Vec<Node>,
    },
    Break,
    Stop,
}

/// `$root.segment…`, `$!root…`, `${root…}` or `$!{root…}`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reference {
    pub(super) place: Place,
    /// As it stands in the template.
    pub(super) source: String,
    pub(super) root: String,
    pub(super) segments: Vec<Segment>,
}

/// One step of a reference.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Segment {
    pub(super) place: Place,
    pub(super) kind: SegmentKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum SegmentKind {
    /// `.name`
    Property(String),
    /// `.name(arguments)`
    Call {
        name: String,
        arguments: Vec<Expression>,
    },
    /// `[expression]`
    Index(Expression),
}

/// What has a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Null,
    Boolean(bool),
    Integer(i128),
    Decimal(f64),
    /// A text in single quotes, or in double quotes without references.
    Text(String),
    /// A text in double quotes with references or directives in it.
    Interpolated(Vec<Node>),
    Reference(Box<Reference>),
    /// `[1, 'a', $x]`
    List(Vec<Expression>),
    /// `{'a': 1}`
    Map(Vec<(Expression, Expression)>),
    /// `[1..$n]`
    Range(Box<(Expression, Expression)>),
    Not(Box<Expression>),
    Binary(Operator, Box<(Expression, Expression)>),
}

/// What stands between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}
