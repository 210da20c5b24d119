//! The compiled form of a path and of its filters.

use regex::Regex;
use serde_json::Value;

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Property(String),
    /// `['a','b']`: at the end of a path one object of both, elsewhere each in turn.
    Properties(Vec<String>),
    Index(i64),
    Indices(Vec<i64>),
    Slice {
        from: Option<i64>,
        to: Option<i64>,
    },
    Wildcard,
    Filter(Filter),
    /// `..`: the steps after it apply at every depth.
    Descend,
}

/// What stands in `[?( … )]`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter {
    Or(Vec<Filter>),
    And(Vec<Filter>),
    Not(Box<Filter>),
    /// `@.a` alone: there is such a value, even null.
    Exists(Operand),
    Compare {
        left: Operand,
        operator: Operator,
        right: Operand,
    },
    /// `@.a =~ /x/`
    Matches(Operand, Pattern),
}

/// A regular expression; two are the same if they are written alike.
#[derive(Clone, Debug)]
pub(super) struct Pattern(pub(super) Box<Regex>);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Literal(Value),
    /// `@.a`, beneath the element at hand.
    FromElement(Vec<Token>),
    /// `$.a`, beneath the root.
    FromRoot(Vec<Token>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    SubsetOf,
    AnyOf,
    NoneOf,
    All,
    Contains,
    Size,
    Empty,
    Matches,
}

/// Several names are definite only at the end, where Jayway merges them into one object.
pub(super) fn is_definite(tokens: &[Token]) -> bool {
    let last = tokens.len().saturating_sub(1);
    tokens.iter().enumerate().all(|(position, token)| match token {
        Token::Property(_) | Token::Index(_) => true,
        Token::Properties(_) => position == last,
        Token::Indices(_) | Token::Slice { .. } | Token::Wildcard | Token::Filter(_) | Token::Descend => {
            false
        }
    })
}
