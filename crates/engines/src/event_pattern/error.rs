//! Why a pattern is refused.

/// A pattern that AWS would refuse, or that costs too much.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    #[error("Filter is not an object")]
    NotAnObject,
    #[error("the pattern has more than {} bytes", super::PATTERN_BYTES_MAX)]
    TooLong,
    #[error("the pattern nests deeper than {} levels", super::DEPTH_MAX)]
    TooDeep,
    #[error(
        "Rule is too complex - try using fewer wildcards, $or or smaller lists: more than {} combinations",
        super::COMBINATIONS_MAX
    )]
    TooComplex,
    #[error("`{0}`: Empty arrays are not allowed")]
    EmptyList(String),
    #[error("`{0}`: Empty objects are not allowed")]
    EmptyObject(String),
    #[error("`{0}` must be an object or an array")]
    NotAList(String),
    #[error("`{0}`: Only one key allowed in match expression")]
    OneKey(String),
    #[error("`{0}`: Unrecognized match type {1}")]
    Unknown(String, String),
    #[error("`{0}`: an array may hold values and match expressions only")]
    ListInList(String),
    #[error("`{0}`: {1}: {2}")]
    Operand(String, &'static str, &'static str),
    #[error("`{0}`: `$or` must be a list of at least two objects")]
    Alternatives(String),
}
