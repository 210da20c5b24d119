//! Follows tokens for as long as they make plausible SQL, and stops at the first evidence of an attack.
//!
//! No grammar of a dialect: only whether an operand or an operator may stand here, which suffices to tell SQL from
//! prose. `grounds.rs` looks at what has been read.

use super::{
    Evidence, Sensitivity,
    grounds::Grounds,
    lexer::{Kind, Token},
};

/// What the value began with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    /// The first token decides.
    Undecided,
    /// A string that the application opened and the value closed.
    Text { is_empty: bool },
    /// A constant where the application expected one.
    Value,
    /// A name, or the middle of an expression.
    Name,
    /// A whole statement.
    Statement,
}

impl Lead {
    /// Tells whether what follows was certainly not expected by the application.
    pub(super) fn is_strong(self) -> bool {
        matches!(self, Self::Text { .. } | Self::Value)
    }

    pub(super) fn is_text(self) -> bool {
        matches!(self, Self::Text { .. })
    }

    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Number
            | Kind::Text
            | Kind::Constant
            | Kind::Variable
            | Kind::Open
            | Kind::Close
            | Kind::Sign => Self::Value,
            Kind::Select => Self::Statement,
            kind if is_starter(kind) => Self::Statement,
            _ => Self::Name,
        }
    }
}

/// Why the reading ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// This is not SQL.
    Broken,
    Found(Evidence),
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expects {
    Operand,
    Operator,
    /// The beginning of a statement.
    Statement,
    /// Anything: inside a statement whose grammar we do not follow.
    Free,
}

/// Tokens that a statement we do not follow may have.
const FREE_TOKENS_MAX: usize = 64;

pub(super) struct Reading<'a> {
    grounds: Grounds<'a>,
    expects: Expects,
    /// The token that was taken as an alias, so that the next name is none.
    alias_at: Option<usize>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(input: &'a [u8], lead: Lead, sensitivity: Sensitivity) -> Self {
        let expects = if lead.is_text() {
            Expects::Operator
        } else {
            Expects::Operand
        };
        Self {
            grounds: Grounds::new(input, lead, sensitivity),
            expects,
            alias_at: None,
        }
    }

    /// Takes the next token.
    pub(super) fn push(&mut self, token: Token) -> Result<(), Stop> {
        let expected = self.expects;
        match token.kind {
            Kind::Other => return Err(Stop::Broken),
            Kind::LineComment | Kind::OpenComment => {
                return self
                    .grounds
                    .comment(token, expected)
                    .map_or(Ok(()), |evidence| Err(Stop::Found(evidence)));
            }
            Kind::ConditionalComment => {
                self.grounds.is_conditional = true;
                return Ok(());
            }
            _ => {}
        }
        let is_first = self.grounds.tokens.is_empty();
        if is_first && self.grounds.lead == Lead::Undecided {
            self.grounds.lead = Lead::of(token.kind);
        }
        self.expects = self.follow(token, is_first).ok_or(Stop::Broken)?;
        match self.grounds.take(token, expected, self.expects) {
            Some(evidence) => Err(Stop::Found(evidence)),
            None => Ok(()),
        }
    }

    /// Judges what has been read when the value ends here.
    pub(super) fn finish(&self) -> Option<Evidence> {
        self.grounds.at_end(self.expects)
    }

    /// Returns what may follow the token here; none: it cannot stand here.
    fn follow(&mut self, token: Token, is_first: bool) -> Option<Expects> {
        let kind = token.kind;
        if kind == Kind::Semicolon {
            let is_ready = self.expects != Expects::Operand || is_first;
            return is_ready.then_some(Expects::Statement);
        }
        if self.expects == Expects::Free {
            let length = self
                .grounds
                .statement_at
                .map_or(0, |start| self.grounds.tokens.len() - start);
            return (length <= FREE_TOKENS_MAX).then_some(Expects::Free);
        }
        if is_starter(kind) {
            // SQL Server needs no semicolon between statements.
            let may_start = is_first
                || self.expects == Expects::Statement
                || self.expects == Expects::Operator && self.grounds.lead.is_strong();
            return may_start.then_some(Expects::Free);
        }
        match self.expects {
            Expects::Operator => self.after_operand(kind),
            _ => self.before_operand(token, is_first),
        }
    }

    fn before_operand(&self, token: Token, is_first: bool) -> Option<Expects> {
        let previous = self.grounds.kind_before(0);
        match token.kind {
            Kind::Not
            | Kind::Modifier
            | Kind::Top
            | Kind::Case
            | Kind::When
            | Kind::Open
            | Kind::By
            | Kind::File => Some(Expects::Operand),
            Kind::Number if previous == Some(Kind::Top) => Some(Expects::Operand),
            Kind::Sign => self.unary(token, is_first),
            Kind::Select => {
                let fits = matches!(previous, None | Some(Kind::Open | Kind::Union | Kind::Modifier));
                (fits || self.expects == Expects::Statement || self.grounds.statement_at.is_some())
                    .then_some(Expects::Operand)
            }
            Kind::Close => (is_first || matches!(previous, Some(Kind::Open) | Some(Kind::Close)))
                .then_some(Expects::Operator),
            Kind::CompareWord if previous == Some(Kind::CompareWord) => Some(Expects::Operand),
            Kind::Comma
            | Kind::Logic
            | Kind::LogicSign
            | Kind::Compare
            | Kind::CompareWord
            | Kind::SignWord => is_first.then_some(Expects::Operand),
            Kind::Union => is_first.then_some(Expects::Operand),
            Kind::Join if previous == Some(Kind::Join) => Some(Expects::Operand),
            // A closed string behind nothing would be another value's.
            Kind::OpenText if is_first => None,
            // Every other word can be a name.
            _ => Some(Expects::Operator),
        }
    }

    fn unary(&self, token: Token, is_first: bool) -> Option<Expects> {
        match self.grounds.bytes(token).first() {
            Some(b'*') => Some(if is_first {
                Expects::Operand
            } else {
                Expects::Operator
            }),
            Some(b'+' | b'-' | b'~') => Some(Expects::Operand),
            _ => is_first.then_some(Expects::Operand),
        }
    }

    fn after_operand(&mut self, kind: Kind) -> Option<Expects> {
        let previous = self.grounds.kind_before(0);
        match kind {
            Kind::Sign
            | Kind::SignWord
            | Kind::Logic
            | Kind::LogicSign
            | Kind::Compare
            | Kind::CompareWord => Some(Expects::Operand),
            Kind::Comma | Kind::Union | Kind::From | Kind::Where | Kind::Having | Kind::By | Kind::Limit => {
                Some(Expects::Operand)
            }
            Kind::Into | Kind::Values | Kind::Set | Kind::Clause | Kind::For | Kind::As | Kind::When => {
                Some(Expects::Operand)
            }
            Kind::Then | Kind::Else | Kind::Procedure | Kind::Join => Some(Expects::Operand),
            Kind::Not | Kind::Close | Kind::Order | Kind::Group | Kind::Direction | Kind::End => {
                Some(Expects::Operator)
            }
            // `if exists (…)`.
            Kind::Modifier if previous == Some(Kind::Function) => Some(Expects::Operand),
            Kind::Open => previous.is_some_and(is_callable).then_some(Expects::Operand),
            Kind::Select => self.grounds.lead.is_strong().then_some(Expects::Operand),
            Kind::Text | Kind::OpenText => (previous == Some(Kind::Text)).then_some(Expects::Operator),
            _ => self.alias(previous),
        }
    }

    /// A name behind an operand renames it, inside a query and once.
    fn alias(&mut self, previous: Option<Kind>) -> Option<Expects> {
        let last = self.grounds.tokens.len().checked_sub(1)?;
        let fits = matches!(
            previous,
            Some(Kind::Word | Kind::Close | Kind::Number | Kind::Text | Kind::Constant)
        );
        if self.grounds.select_at.is_none() || !fits || self.alias_at == Some(last) {
            return None;
        }
        self.alias_at = Some(last + 1);
        Some(Expects::Operator)
    }
}

/// Tells whether `kind` begins a statement other than a query.
pub(super) fn is_starter(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Insert
            | Kind::Update
            | Kind::Delete
            | Kind::Drop
            | Kind::Create
            | Kind::Alter
            | Kind::Truncate
            | Kind::Exec
            | Kind::Declare
            | Kind::Shutdown
            | Kind::Grant
            | Kind::Merge
            | Kind::Call
            | Kind::Waitfor
    )
}

fn is_callable(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Word
            | Kind::Function
            | Kind::Metadata
            | Kind::Probe
            | Kind::Object
            | Kind::Join
            | Kind::Values
            | Kind::Set
    )
}
