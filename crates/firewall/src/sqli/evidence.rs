//! The kinds of evidence that a plausible piece of SQL is an attack.

/// What a value does that a value would not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// `or 1=1`, `and 'a'='a'`: a condition between constants, or of a thing with itself.
    ConstantCondition,
    /// `' or name='x`: another condition behind a value that was closed.
    AddedCondition,
    /// `' or 1`, `' or true--`: a constant as condition.
    BareCondition,
    /// `'='`, `' like '%`: the closed string is compared.
    StringComparison,
    /// `'||'`, `'-0-'`: the closed string is part of an expression.
    StringExpression,
    /// `union select`.
    Union,
    /// `(select …)`.
    Subquery,
    /// `select … from …` as the value itself.
    Query,
    /// `; drop table x`.
    StackedStatement,
    /// `drop table x` as the value itself.
    Statement,
    /// `admin'--`, `1/*`: the rest of the statement becomes a comment.
    CommentedTail,
    /// `/*!50000 union*/`.
    ConditionalComment,
    /// `sleep(5)`, `load_file(…)`: a function that only an attacker would name.
    ProbingFunction,
    /// `@@version`, `information_schema.tables`.
    SystemCatalog,
    /// `order by 3`, `into outfile '…'`, `procedure analyse(…)`.
    AddedClause,
    /// `case when … then`.
    ConditionalExpression,
}

impl Evidence {
    /// Returns a name for trails and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConstantCondition => "constant condition",
            Self::AddedCondition => "added condition",
            Self::BareCondition => "bare condition",
            Self::StringComparison => "string comparison",
            Self::StringExpression => "string expression",
            Self::Union => "union",
            Self::Subquery => "subquery",
            Self::Query => "query",
            Self::StackedStatement => "stacked statement",
            Self::Statement => "statement",
            Self::CommentedTail => "commented tail",
            Self::ConditionalComment => "conditional comment",
            Self::ProbingFunction => "probing function",
            Self::SystemCatalog => "system catalog",
            Self::AddedClause => "added clause",
            Self::ConditionalExpression => "conditional expression",
        }
    }
}
