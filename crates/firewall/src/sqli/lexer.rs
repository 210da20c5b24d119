//! Cuts bytes into the tokens of SQL, leniently: every dialect at once, closed comments are white space.

use super::words;

/// What a token is. Words are told apart as far as the reading needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    /// A string, closed.
    Text,
    /// A string that the value does not close: the application's own quote would.
    OpenText,
    /// A name.
    Word,
    /// `@name` or `@@name`.
    Variable,
    Constant,
    /// `and`, `or`, `xor`.
    Logic,
    /// `||`, `&&`; the first is concatenation to some.
    LogicSign,
    Not,
    /// `=`, `<`, …
    Compare,
    /// `like`, `in`, …
    CompareWord,
    /// `+`, `-`, `*`, …
    Sign,
    SignWord,
    Comma,
    Open,
    Close,
    Semicolon,
    /// To the end of the line.
    LineComment,
    /// `/*` without its end.
    OpenComment,
    /// `/*!`: code to MySQL.
    ConditionalComment,
    /// Names a function that only attackers call.
    Probe,
    /// Names an ordinary function.
    Function,
    /// Names a function that tells about the database.
    Metadata,
    Union,
    Select,
    From,
    Where,
    Having,
    Order,
    Group,
    By,
    Limit,
    Into,
    File,
    Values,
    Set,
    Clause,
    Join,
    For,
    As,
    Top,
    Modifier,
    Direction,
    Case,
    When,
    Then,
    Else,
    End,
    Insert,
    Update,
    Delete,
    Drop,
    Create,
    Alter,
    Truncate,
    Exec,
    Declare,
    Shutdown,
    Grant,
    Merge,
    Call,
    Waitfor,
    Delay,
    Procedure,
    /// `table`, `database`, … what statements create and drop.
    Object,
    /// No SQL.
    Other,
}

/// A piece of the input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

pub(super) struct Lexer<'a> {
    input: &'a [u8],
    at: usize,
    /// Inside `/*! … */` the closing mark is white space.
    in_conditional: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(input: &'a [u8], at: usize) -> Self {
        Self {
            input,
            at,
            in_conditional: false,
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.input.get(self.at + ahead).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    fn skip_while(&mut self, holds: impl Fn(u8) -> bool) {
        self.at += self.rest().iter().take_while(|byte| holds(**byte)).count();
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        loop {
            self.skip_space();
            let start = self.at;
            let byte = self.peek(0)?;
            if let Some(kind) = self.token(byte) {
                return Some(Token {
                    kind,
                    start,
                    end: self.at,
                });
            }
        }
    }

    fn skip_space(&mut self) {
        while let Some(byte) = self.peek(0) {
            // A lone no-break space is white space to MySQL; inside UTF-8 it is part of a letter.
            let is_alone = byte == 0xA0
                && self
                    .at
                    .checked_sub(1)
                    .and_then(|before| self.input.get(before))
                    .is_none_or(|byte| *byte < 0x80);
            if byte > b' ' && !is_alone {
                return;
            }
            self.at += 1;
        }
    }

    /// Moves behind the token that begins with `byte`; none: it was white space after all.
    fn token(&mut self, byte: u8) -> Option<Kind> {
        match byte {
            b'\'' | b'"' => return Some(self.text(byte)),
            b'`' => {
                let end = end_of_text(self.input, self.at + 1, b'`', false);
                self.at = end.unwrap_or(self.input.len());
                return Some(if end.is_some() { Kind::Word } else { Kind::Other });
            }
            b'[' => return Some(self.bracketed()),
            b'0'..=b'9' => return Some(self.number()),
            b'.' if self.peek(1).is_some_and(|next| next.is_ascii_digit()) => return Some(self.number()),
            b'@' => return Some(self.variable()),
            b'#' => return Some(self.line_comment(1)),
            b'-' if self.peek(1) == Some(b'-') && !self.peek(2).is_some_and(|next| next.is_ascii_digit()) => {
                return Some(self.line_comment(2));
            }
            b'/' if self.peek(1) == Some(b'*') => return self.block_comment(),
            b'*' if self.peek(1) == Some(b'/') && self.in_conditional => {
                self.at += 2;
                self.in_conditional = false;
                return None;
            }
            _ if is_name(byte) => return Some(self.word()),
            _ => {}
        }
        Some(self.sign(byte))
    }

    fn sign(&mut self, byte: u8) -> Kind {
        let (kind, length) = match (byte, self.peek(1)) {
            (b'|', Some(b'|')) | (b'&', Some(b'&')) => (Kind::LogicSign, 2),
            (b'<', Some(b'=')) if self.peek(2) == Some(b'>') => (Kind::Compare, 3),
            (b'<' | b'>', Some(b'=')) | (b'<', Some(b'>')) | (b'!', Some(b'=' | b'<' | b'>')) => {
                (Kind::Compare, 2)
            }
            (b':', Some(b'=')) | (b'=', Some(b'=')) | (b'~', Some(b'=')) => (Kind::Compare, 2),
            (b'<', Some(b'<')) | (b'>', Some(b'>')) => (Kind::Sign, 2),
            // PostgreSQL's cast, `value::type`.
            (b':', Some(b':')) => (Kind::As, 2),
            (b'=' | b'<' | b'>', _) => (Kind::Compare, 1),
            (b'!', _) => (Kind::Not, 1),
            (b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'~', _) => (Kind::Sign, 1),
            (b',', _) => (Kind::Comma, 1),
            (b'(', _) => (Kind::Open, 1),
            (b')', _) => (Kind::Close, 1),
            (b';', _) => (Kind::Semicolon, 1),
            _ => (Kind::Other, 1),
        };
        self.at += length;
        kind
    }

    fn text(&mut self, quote: u8) -> Kind {
        match end_of_text(self.input, self.at + 1, quote, true) {
            Some(end) => {
                self.at = end;
                Kind::Text
            }
            None => {
                self.at = self.input.len();
                Kind::OpenText
            }
        }
    }

    /// SQL Server's `[name]`.
    fn bracketed(&mut self) -> Kind {
        let inside = self.rest().get(1..).unwrap_or_default();
        let length = inside
            .iter()
            .take_while(|byte| is_name(**byte) || byte.is_ascii_digit() || **byte == b' ')
            .count();
        if length > 0 && inside.get(length) == Some(&b']') {
            self.at += length + 2;
            return Kind::Word;
        }
        self.at += 1;
        Kind::Other
    }

    fn number(&mut self) -> Kind {
        if self.peek(0) == Some(b'0') && matches!(self.peek(1), Some(b'x' | b'X' | b'b' | b'B')) {
            let digits = self.rest().get(2..).unwrap_or_default();
            let length = digits.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            if length > 0 {
                self.at += length + 2;
                return Kind::Number;
            }
        }
        self.skip_while(|byte| byte.is_ascii_digit());
        if self.peek(0) == Some(b'.') {
            self.at += 1;
            self.skip_while(|byte| byte.is_ascii_digit());
        }
        let exponent = match (self.peek(0), self.peek(1), self.peek(2)) {
            (Some(b'e' | b'E'), Some(b'0'..=b'9'), _) => 1,
            (Some(b'e' | b'E'), Some(b'+' | b'-'), Some(b'0'..=b'9')) => 2,
            _ => 0,
        };
        if exponent > 0 {
            self.at += exponent;
            self.skip_while(|byte| byte.is_ascii_digit());
        }
        Kind::Number
    }

    fn variable(&mut self) -> Kind {
        self.skip_while(|byte| byte == b'@');
        let start = self.at;
        self.skip_while(|byte| is_name(byte) || byte.is_ascii_digit() || byte == b'.' || byte == b'`');
        if self.at > start {
            Kind::Variable
        } else {
            Kind::Other
        }
    }

    fn word(&mut self) -> Kind {
        let start = self.at;
        let mut before = 0;
        while let Some(byte) = self.peek(0) {
            // A lone no-break space ends a word.
            let is_space = byte == 0xA0 && before < 0x80;
            let belongs = is_name(byte) || byte.is_ascii_digit() || byte == b'.';
            if is_space || !belongs {
                break;
            }
            before = byte;
            self.at += 1;
        }
        let word = self.input.get(start..self.at).unwrap_or_default();
        // `n'…'`, `x'…'`: a string with its kind before it.
        let is_kind = word.len() == 1 && word.iter().all(|byte| b"nNxXbBeEuUqQ".contains(byte));
        if let Some(quote @ (b'\'' | b'"')) = self.peek(0).filter(|_| is_kind) {
            return self.text(quote);
        }
        words::kind_of(word)
    }

    fn line_comment(&mut self, mark: usize) -> Kind {
        self.at += mark;
        self.at += memchr::memchr(b'\n', self.rest()).map_or(self.rest().len(), |end| end + 1);
        Kind::LineComment
    }

    fn block_comment(&mut self) -> Option<Kind> {
        if self.peek(2) == Some(b'!') {
            self.at += 3;
            self.skip_while(|byte| byte.is_ascii_digit());
            self.in_conditional = true;
            return Some(Kind::ConditionalComment);
        }
        let inside = self.rest().get(2..).unwrap_or_default();
        match memchr::memmem::find(inside, b"*/") {
            Some(end) => {
                self.at += end + 4;
                None
            }
            None => {
                self.at = self.input.len();
                Some(Kind::OpenComment)
            }
        }
    }
}

/// Returns the place behind the quote that closes a string begun before `at`. Doubled quotes do not close, nor do
/// quotes behind a backslash when `escapes`.
pub(super) fn end_of_text(input: &[u8], mut at: usize, quote: u8, escapes: bool) -> Option<usize> {
    loop {
        let rest = input.get(at..)?;
        let found = if escapes {
            memchr::memchr2(quote, b'\\', rest)?
        } else {
            memchr::memchr(quote, rest)?
        };
        at += found;
        let is_skipped = input.get(at) != Some(&quote) || input.get(at + 1) == Some(&quote);
        if !is_skipped {
            return Some(at + 1);
        }
        at += 2;
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$' | 0x80..)
}
