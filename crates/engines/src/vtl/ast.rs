//! A template taken apart, before anyone asks what it means.

use portcullis_model::Place;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Text(String),
    Reference(Reference),
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

/// What may stand between parentheses and brackets.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    /// A text in single quotes, or in double quotes without references.
    Text(String),
    /// A text in double quotes with references in it.
    Interpolated(Vec<Node>),
    Integer(i64),
    Reference(Box<Reference>),
    /// Read, so that the place of what is wrong is right; no method takes one yet.
    Boolean(bool),
    Decimal(f64),
}
