//! What has been read of a value so far, and whether it is evidence of an attack.

use super::{
    Evidence, Sensitivity,
    lexer::{Kind, Token},
    reading::{Expects, Lead, is_starter},
    statement, words,
};

/// The longest comment, in bytes, that still looks like nothing but a cut-off tail.
const TAIL_COMMENT_BYTES_MAX: usize = 3;

pub(super) struct Grounds<'a> {
    input: &'a [u8],
    pub(super) lead: Lead,
    pub(super) sensitivity: Sensitivity,
    pub(super) tokens: Vec<Token>,
    pub(super) is_conditional: bool,
    /// A semicolon has passed.
    pub(super) is_stacked: bool,
    pub(super) statement_at: Option<usize>,
    pub(super) select_at: Option<usize>,
    from_at: Option<usize>,
    union_select: bool,
    subquery_at: Option<usize>,
    logic_at: Option<usize>,
    names_before_logic: bool,
    compare_at: Option<usize>,
    depth: i32,
    has_function: bool,
    /// Nothing but numbers, signs and closing parentheses so far.
    only_values: bool,
    /// The list between `select` and `from` has a comma.
    has_list: bool,
}

impl<'a> Grounds<'a> {
    pub(super) fn new(input: &'a [u8], lead: Lead, sensitivity: Sensitivity) -> Self {
        let mut tokens = Vec::with_capacity(8);
        if lead.is_text() {
            // The string that the application opened.
            tokens.push(Token {
                kind: Kind::Text,
                start: 0,
                end: 0,
            });
        }
        Self {
            input,
            lead,
            sensitivity,
            tokens,
            is_conditional: false,
            is_stacked: false,
            statement_at: None,
            select_at: None,
            from_at: None,
            union_select: false,
            subquery_at: None,
            logic_at: None,
            names_before_logic: false,
            compare_at: None,
            depth: 0,
            has_function: false,
            only_values: true,
            has_list: false,
        }
    }

    pub(super) fn bytes(&self, token: Token) -> &'a [u8] {
        self.input.get(token.start..token.end).unwrap_or_default()
    }

    /// Returns the kind of the token `back` places before the last one.
    pub(super) fn kind_before(&self, back: usize) -> Option<Kind> {
        let index = self.tokens.len().checked_sub(back + 1)?;
        self.kind_at(index)
    }

    pub(super) fn kind_at(&self, index: usize) -> Option<Kind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    fn is_high(&self) -> bool {
        self.sensitivity == Sensitivity::High
    }

    fn high(&self, evidence: Evidence) -> Option<Evidence> {
        self.is_high().then_some(evidence)
    }

    /// Adds a token and returns what it proves.
    pub(super) fn take(&mut self, token: Token, expected: Expects, expects: Expects) -> Option<Evidence> {
        let at = self.tokens.len();
        self.tokens.push(token);
        self.only_values &= matches!(token.kind, Kind::Number | Kind::Close | Kind::Sign);
        self.has_function |= token.kind == Kind::Function;
        self.has_list |= token.kind == Kind::Comma && self.from_at.is_none();
        if self.is_conditional
            && !matches!(
                token.kind,
                Kind::Word | Kind::Number | Kind::Text | Kind::OpenText
            )
        {
            return Some(Evidence::ConditionalComment);
        }
        match token.kind {
            Kind::Semicolon => self.start_statement(),
            Kind::Open => self.depth += 1,
            Kind::Close => self.depth -= 1,
            kind if self.statement_at.is_none() && expects == Expects::Free && is_starter(kind) => {
                self.statement_at = Some(at);
            }
            _ => {}
        }
        if let Some(start) = self.statement_at {
            return statement::evidence(self, start, at);
        }
        self.track_logic(token.kind, at);
        self.query(token.kind, at)
            .or_else(|| self.call(at))
            .or_else(|| self.clause(token, at))
            .or_else(|| self.operand(token, at, expected, expects))
    }

    fn start_statement(&mut self) {
        self.is_stacked = true;
        self.statement_at = None;
        (self.select_at, self.from_at, self.subquery_at) = (None, None, None);
        (self.logic_at, self.compare_at, self.union_select) = (None, None, false);
    }

    fn track_logic(&mut self, kind: Kind, at: usize) {
        match kind {
            Kind::Logic | Kind::LogicSign => self.set_logic(at),
            Kind::Having | Kind::Where if self.lead.is_strong() => self.set_logic(at),
            Kind::Compare | Kind::CompareWord => self.compare_at = Some(at),
            Kind::Comma if self.depth <= 0 => (self.logic_at, self.compare_at) = (None, None),
            _ => {}
        }
    }

    fn set_logic(&mut self, at: usize) {
        if self.logic_at.is_none() {
            self.names_before_logic = self.tokens.iter().take(at).any(|token| token.kind == Kind::Word);
        }
        (self.logic_at, self.compare_at) = (Some(at), None);
    }

    /// Queries: `union select`, `(select …)`, `select … from …`.
    fn query(&mut self, kind: Kind, at: usize) -> Option<Evidence> {
        if kind == Kind::Select {
            self.select_at = Some(at);
            (self.from_at, self.has_list) = (None, false);
            let before = self.tokens.get(..at)?;
            let source = before
                .iter()
                .rev()
                .find(|token| !matches!(token.kind, Kind::Modifier | Kind::Open));
            if source.is_some_and(|token| token.kind == Kind::Union) {
                self.union_select = true;
                return self.lead.is_strong().then_some(Evidence::Union);
            }
            if before.last().is_some_and(|token| token.kind == Kind::Open) {
                self.subquery_at = Some(at);
            }
            return None;
        }
        let select = self.select_at?;
        if kind == Kind::From {
            self.from_at = Some(at);
        }
        let follows = at == select + 1;
        let is_selected = match kind {
            Kind::Number | Kind::Constant | Kind::Text | Kind::OpenText | Kind::Variable => follows,
            Kind::Sign => follows,
            Kind::Open => self.kind_before(1).is_some_and(|kind| kind != Kind::Comma),
            Kind::From => true,
            _ => false,
        };
        if self.union_select && is_selected {
            return Some(Evidence::Union);
        }
        // A query stands in parentheses inside an expression; a value that is nothing else may be a remark.
        let is_inside = select > 1 && self.kind_at(select - 1) == Some(Kind::Open);
        let is_placed = self.lead.is_strong() && is_inside || self.is_stacked;
        if is_placed && (is_selected || follows && self.subquery_at == Some(select)) {
            let evidence = if self.is_stacked {
                Evidence::StackedStatement
            } else {
                Evidence::Subquery
            };
            return Some(evidence);
        }
        if self.subquery_at == Some(select) && is_selected {
            return Some(Evidence::Subquery);
        }
        self.own_query(kind, select, at)
    }

    /// A value that is a query by itself. `select one from the list` is English.
    fn own_query(&self, kind: Kind, select: usize, at: usize) -> Option<Evidence> {
        if kind == Kind::Variable && at == select + 1 {
            return Some(Evidence::Query);
        }
        let is_call = |back| {
            matches!(
                self.kind_before(back),
                Some(Kind::Function | Kind::Metadata | Kind::Probe | Kind::Object)
            )
        };
        if kind == Kind::Open && is_call(1) {
            return Some(Evidence::Query);
        }
        if kind == Kind::From && self.kind_before(1) == Some(Kind::Sign) {
            return Some(Evidence::Query);
        }
        if kind == Kind::Number && self.kind_before(1) == Some(Kind::Comma) && self.from_at.is_none() {
            return Some(Evidence::Query);
        }
        let from = self.from_at?;
        let continues = matches!(
            kind,
            Kind::Where | Kind::Limit | Kind::By | Kind::Union | Kind::Join
        ) && at > from + 1;
        continues.then_some(Evidence::Query)
    }

    /// Calls of functions that give the caller away.
    fn call(&self, at: usize) -> Option<Evidence> {
        let (kind, name) = (self.kind_at(at)?, self.kind_before(1)?);
        if kind == Kind::Open && name == Kind::Probe {
            let before = self.kind_before(2)?;
            return is_before_operand(before).then_some(Evidence::ProbingFunction);
        }
        // `version()`, `user()`: nothing between the parentheses.
        if kind == Kind::Close
            && name == Kind::Open
            && matches!(self.kind_before(2), Some(Kind::Metadata | Kind::Object))
        {
            let before = self.kind_before(3)?;
            let fits = is_before_operand(before) && (self.lead.is_strong() || self.has_function);
            return fits.then_some(Evidence::ProbingFunction);
        }
        None
    }

    /// Clauses that continue a statement from inside a value, and names of the catalog.
    fn clause(&self, token: Token, _at: usize) -> Option<Evidence> {
        let before = self.kind_before(1)?;
        let is_strong = self.lead.is_strong();
        match (before, token.kind) {
            (Kind::By, Kind::Number | Kind::Open | Kind::Function | Kind::Case) if is_strong => {
                Some(Evidence::AddedClause)
            }
            (Kind::Limit, Kind::Number) if self.lead.is_text() => Some(Evidence::AddedClause),
            (Kind::Procedure, Kind::Probe) if is_strong => Some(Evidence::AddedClause),
            (Kind::File, Kind::Text | Kind::OpenText) => Some(Evidence::AddedClause),
            (Kind::From, Kind::Word) if words::is_catalog(self.bytes(token)) => Some(Evidence::SystemCatalog),
            (_, Kind::Variable) if self.bytes(token).starts_with(b"@@") => {
                is_before_operand(before).then_some(Evidence::SystemCatalog)
            }
            (_, Kind::Then) => {
                let case = self.tokens.iter().position(|token| token.kind == Kind::Case)?;
                (is_strong || case > 0).then_some(Evidence::ConditionalExpression)
            }
            _ => None,
        }
    }

    /// A condition that is complete with this operand.
    fn operand(&mut self, token: Token, at: usize, expected: Expects, expects: Expects) -> Option<Evidence> {
        if expected == Expects::Operator || expects != Expects::Operator {
            return None;
        }
        let compare = self.compare_at.take()?;
        let left = self.operand_before(compare)?;
        let are_constant = self.is_constant(left) && self.is_constant(at);
        let is_word = self.kind_at(compare) == Some(Kind::CompareWord);
        let are_same = token.kind == Kind::Word && {
            let left = self.tokens.get(left).filter(|left| left.kind == Kind::Word)?;
            self.bytes(*left).eq_ignore_ascii_case(self.bytes(token))
        };
        let Some(logic) = self.logic_at.filter(|logic| *logic < compare) else {
            let closes = self.lead.is_text() && left == 0;
            if closes && (matches!(token.kind, Kind::Text | Kind::OpenText) || self.is_high()) {
                return Some(Evidence::StringComparison);
            }
            let is_argument = self.depth > 0 && self.lead.is_strong();
            return (are_constant && (is_argument || self.is_high())).then_some(Evidence::ConstantCondition);
        };
        if are_constant || are_same {
            return Some(Evidence::ConstantCondition);
        }
        let names_only = token.kind == Kind::Word && !matches!(self.kind_at(left), Some(Kind::Close));
        let is_added = match self.lead {
            Lead::Text { .. } => !(is_word && names_only),
            Lead::Value => {
                !self.names_before_logic && !names_only && self.kind_at(logic) != Some(Kind::LogicSign)
            }
            _ => false,
        };
        (is_added || self.is_high()).then_some(Evidence::AddedCondition)
    }

    /// Returns the operand that ends before `compare`, past `not` and closing parentheses around a constant.
    fn operand_before(&self, compare: usize) -> Option<usize> {
        let mut index = compare.checked_sub(1)?;
        while self.kind_at(index) == Some(Kind::Not) {
            index = index.checked_sub(1)?;
        }
        if self.kind_at(index) == Some(Kind::Close) {
            let inner = index.checked_sub(1)?;
            let is_wrapped =
                inner > 0 && self.kind_at(inner - 1) == Some(Kind::Open) && self.is_constant(inner);
            let is_call = inner > 1
                && matches!(
                    self.kind_at(inner - 2),
                    Some(Kind::Word | Kind::Function | Kind::Probe | Kind::Metadata)
                );
            if is_wrapped && !is_call {
                index = inner;
            }
        }
        Some(index)
    }

    fn is_constant(&self, index: usize) -> bool {
        // The string before the value is the application's, not a constant of the value.
        let is_prefix = self.lead.is_text() && index == 0;
        !is_prefix
            && matches!(
                self.kind_at(index),
                Some(Kind::Number | Kind::Text | Kind::OpenText | Kind::Constant)
            )
    }

    /// Tells whether the last token is a constant that a logical operator stands before.
    fn bare_condition(&self) -> Option<Token> {
        let (last, before) = self.tokens.split_last()?;
        if !self.is_constant(self.tokens.len() - 1) {
            return None;
        }
        let source = before
            .iter()
            .rev()
            .find(|token| !matches!(token.kind, Kind::Not | Kind::Sign | Kind::Open));
        let is_logic = source.is_some_and(|token| matches!(token.kind, Kind::Logic | Kind::LogicSign));
        is_logic.then_some(*last)
    }

    fn is_number_text(&self, token: Token) -> bool {
        let inside = self.bytes(token);
        let digits = inside.iter().filter(|byte| byte.is_ascii_digit()).count();
        digits > 0
            && inside
                .iter()
                .all(|byte| byte.is_ascii_digit() || matches!(byte, b'\'' | b'"'))
    }

    /// Judges a comment that ends the line or the value.
    pub(super) fn comment(&self, token: Token, expected: Expects) -> Option<Evidence> {
        let bytes = self.bytes(token);
        let body = bytes
            .get(2..)
            .filter(|_| !bytes.starts_with(b"#"))
            .or(bytes.get(1..))?
            .trim_ascii();
        let is_open = token.kind == Kind::OpenComment;
        let is_tail = is_open || body.len() <= TAIL_COMMENT_BYTES_MAX;
        if self.bare_condition().is_some() && self.lead.is_strong() {
            return Some(Evidence::BareCondition);
        }
        if let Some(evidence) = self.at_end(expected) {
            return Some(evidence);
        }
        if expected == Expects::Operand || self.tokens.is_empty() {
            return None;
        }
        match self.lead {
            Lead::Text { .. } => {
                // `dogs' #1` is a rank.
                let is_rank = bytes.starts_with(b"#") && body.first().is_some_and(u8::is_ascii_digit);
                (is_tail && !is_rank || self.is_high()).then_some(Evidence::CommentedTail)
            }
            Lead::Value => {
                let is_sure = is_tail && self.only_values && !bytes.starts_with(b"#");
                (is_sure || self.is_high()).then_some(Evidence::CommentedTail)
            }
            _ => self.high(Evidence::CommentedTail),
        }
    }

    /// Judges what has been read when nothing follows.
    pub(super) fn at_end(&self, expects: Expects) -> Option<Evidence> {
        if let Some(start) = self.statement_at {
            return statement::evidence_at_end(self, start);
        }
        if let Some(token) = self.bare_condition() {
            let holds = match (self.lead, token.kind) {
                (Lead::Text { .. }, Kind::Number | Kind::Constant) => true,
                (Lead::Text { .. }, _) => self.is_number_text(token),
                // `true or false` is a phrase.
                (Lead::Value, Kind::Constant) => self.kind_at(0) != Some(Kind::Constant),
                _ => false,
            };
            if holds || self.is_high() {
                return Some(Evidence::BareCondition);
            }
        }
        if expects != Expects::Operator {
            return None;
        }
        if let [only] = self.tokens.as_slice()
            && self.bytes(*only).starts_with(b"@@")
        {
            return Some(Evidence::SystemCatalog);
        }
        if self.kind_at(0) == Some(Kind::Probe) && self.kind_at(1) == Some(Kind::Open) {
            return Some(Evidence::ProbingFunction);
        }
        if let Some(from) = self.from_at.filter(|_| self.select_at.is_some())
            && (self.is_high() || self.has_list && self.tokens.len() == from + 2)
        {
            return Some(Evidence::Query);
        }
        self.string_expression()
    }

    /// `'||'`, `'-0-'`: operators from the closed string to one that the application closes.
    fn string_expression(&self) -> Option<Evidence> {
        let Lead::Text { is_empty } = self.lead else {
            return None;
        };
        let last = self.tokens.last().filter(|token| token.kind == Kind::OpenText)?;
        let fits = match self.kind_at(1)? {
            Kind::LogicSign => true,
            Kind::As => self.tokens.len() > 3,
            Kind::Sign | Kind::SignWord => {
                self.tokens.len() > 3 || is_empty && last.end == last.start + 1 || self.is_high()
            }
            _ => false,
        };
        fits.then_some(Evidence::StringExpression)
    }
}

/// Tells whether an operand follows `kind` in an expression.
fn is_before_operand(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Logic
            | Kind::LogicSign
            | Kind::Not
            | Kind::Compare
            | Kind::CompareWord
            | Kind::Sign
            | Kind::SignWord
            | Kind::Comma
            | Kind::Open
            | Kind::Select
            | Kind::Modifier
            | Kind::Semicolon
            | Kind::From
            | Kind::Where
            | Kind::Having
            | Kind::By
            | Kind::When
            | Kind::Then
            | Kind::Else
            | Kind::Procedure
            | Kind::Limit
    )
}
