//! What stands in the parentheses of `#set` and `#if`, in a method's parentheses and in brackets.
//!
//! Velocity has fewer operators than it seems: conditions and sums stand in `#set` and `#if` alone, arguments are single values.

use super::TemplateProblem;
use super::ast::{Expression, Node, Operator};
use super::cursor::Cursor;
use super::parse::{NESTING_MAX, parse};
use super::reference::{begins_reference, is_word_part, parse_reference};

/// The most elements of a list or a map that is written out.
const ELEMENTS_MAX: usize = 1_000;

/// Operators from the weakest to the strongest, each level longer texts first.
const LEVELS: [&[(&str, Operator)]; 6] = [
    &[("||", Operator::Or), ("or", Operator::Or)],
    &[("&&", Operator::And), ("and", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("eq", Operator::Equal),
        ("ne", Operator::NotEqual),
    ],
    &[
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
        ("le", Operator::LessOrEqual),
        ("ge", Operator::GreaterOrEqual),
        ("lt", Operator::Less),
        ("gt", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[
        ("*", Operator::Multiply),
        ("/", Operator::Divide),
        ("%", Operator::Remainder),
    ],
];

/// Reads a condition or a sum.
pub(super) fn parse_condition(cursor: &mut Cursor, depth: u32) -> Result<Expression, TemplateProblem> {
    check_depth(cursor, depth)?;
    level(cursor, depth, 0)
}

fn check_depth(cursor: &Cursor, depth: u32) -> Result<(), TemplateProblem> {
    if depth > NESTING_MAX {
        return Err(cursor.problem(format!("expressions nest deeper than {NESTING_MAX} levels")));
    }
    Ok(())
}

fn level(cursor: &mut Cursor, depth: u32, at: usize) -> Result<Expression, TemplateProblem> {
    let Some(operators) = LEVELS.get(at) else {
        return unary(cursor, depth);
    };
    let mut left = level(cursor, depth, at + 1)?;
    let mut count = 0;
    while let Some(operator) = take_operator(cursor, operators) {
        count += 1;
        if count > ELEMENTS_MAX {
            return Err(cursor.problem(format!("the expression has more than {ELEMENTS_MAX} operands")));
        }
        let right = level(cursor, depth, at + 1)?;
        left = Expression::Binary(operator, Box::new((left, right)));
    }
    Ok(left)
}

/// Velocity reads `-1` as one number wherever it stands: `$x -1` is no difference.
fn take_operator(cursor: &mut Cursor, operators: &[(&str, Operator)]) -> Option<Operator> {
    cursor.skip_blanks();
    let found = operators.iter().find(|(text, operator)| {
        let next = |at: usize| cursor.peek_at(at);
        let length = text.len();
        let matches = text
            .chars()
            .enumerate()
            .all(|(at, character)| next(at) == Some(character));
        let is_word = text.starts_with(|character: char| character.is_ascii_alphabetic());
        let ends = !is_word || !next(length).is_some_and(is_word_part);
        let signs = *operator == Operator::Subtract
            && next(length).is_some_and(|character| character.is_ascii_digit() || character == '.');
        matches && ends && !signs
    });
    let (text, operator) = found?;
    cursor.skip(text.len());
    Some(*operator)
}

fn unary(cursor: &mut Cursor, depth: u32) -> Result<Expression, TemplateProblem> {
    check_depth(cursor, depth)?;
    cursor.skip_blanks();
    let not = cursor.peek() == Some('!') && cursor.peek_at(1) != Some('=');
    if not || (word_is(cursor, "not")) {
        cursor.skip(if not { 1 } else { 3 });
        return Ok(Expression::Not(Box::new(unary(cursor, depth + 1)?)));
    }
    if cursor.take("(") {
        let inner = parse_condition(cursor, depth + 1)?;
        cursor.skip_blanks();
        if !cursor.take(")") {
            return Err(cursor.problem("expected `)`"));
        }
        return Ok(inner);
    }
    argument(cursor, depth)
}

fn word_is(cursor: &Cursor, word: &str) -> bool {
    let matches = word
        .chars()
        .enumerate()
        .all(|(at, character)| cursor.peek_at(at) == Some(character));
    matches && !cursor.peek_at(word.len()).is_some_and(is_word_part)
}

/// Reads a single value: a text, a number, a reference, a list, a map or a range.
pub(super) fn argument(cursor: &mut Cursor, depth: u32) -> Result<Expression, TemplateProblem> {
    check_depth(cursor, depth)?;
    cursor.skip_blanks();
    match cursor.peek() {
        Some('\'') => quoted(cursor, '\'').map(Expression::Text),
        Some('"') => interpolated(cursor, depth),
        Some('$') if begins_reference(cursor) => Ok(Expression::Reference(Box::new(parse_reference(
            cursor,
            depth + 1,
        )?))),
        Some('[') => list(cursor, depth + 1),
        Some('{') => map(cursor, depth + 1),
        Some('-' | '.' | '0'..='9') => number(cursor),
        _ => word(cursor),
    }
}

fn interpolated(cursor: &mut Cursor, depth: u32) -> Result<Expression, TemplateProblem> {
    let mut inside = cursor.place();
    inside.column = inside.column.saturating_add(1);
    let text = quoted(cursor, '"')?;
    if !text.contains(['$', '#']) {
        return Ok(Expression::Text(text));
    }
    let mut nodes = parse(&text, inside, depth + 1)?;
    match nodes.as_mut_slice() {
        [] => Ok(Expression::Text(String::new())),
        [Node::Text(text)] => Ok(Expression::Text(std::mem::take(text))),
        _ => Ok(Expression::Interpolated(nodes)),
    }
}

/// Velocity has no backslash escapes in texts; a doubled quote is one quote.
fn quoted(cursor: &mut Cursor, quote: char) -> Result<String, TemplateProblem> {
    let opened = cursor.problem(format!("the text that begins here has no closing `{quote}`"));
    cursor.next();
    let mut text = String::new();
    loop {
        match cursor.next() {
            None => return Err(opened),
            Some(character) if character != quote => text.push(character),
            Some(_) if cursor.peek() == Some(quote) => text.extend(cursor.next()),
            Some(_) => return Ok(text),
        }
    }
}

fn number(cursor: &mut Cursor) -> Result<Expression, TemplateProblem> {
    let problem = cursor.problem("expected a number");
    let mut text = String::new();
    text.extend(cursor.take("-").then_some('-'));
    let digits = |cursor: &mut Cursor| cursor.take_while(|character| character.is_ascii_digit());
    text.push_str(&digits(cursor));
    let is_range = cursor.peek() == Some('.') && cursor.peek_at(1) == Some('.');
    let mut is_decimal = false;
    if !is_range && cursor.take(".") {
        is_decimal = true;
        text.push('.');
        text.push_str(&digits(cursor));
    }
    if matches!(cursor.peek(), Some('e' | 'E')) {
        let sign = usize::from(matches!(cursor.peek_at(1), Some('+' | '-')));
        if cursor
            .peek_at(1 + sign)
            .is_some_and(|character| character.is_ascii_digit())
        {
            is_decimal = true;
            for _ in 0..=sign {
                text.extend(cursor.next());
            }
            text.push_str(&digits(cursor));
        }
    }
    if is_decimal {
        return text.parse().map(Expression::Decimal).map_err(|_| problem);
    }
    text.parse().map(Expression::Integer).map_err(|_| problem)
}

fn word(cursor: &mut Cursor) -> Result<Expression, TemplateProblem> {
    let problem = cursor.problem(
        "expected a text in quotes, a number, `true`, `false`, a list, a map or a reference; a number's sign stands right \
         before its digits",
    );
    match cursor.take_while(is_word_part).as_str() {
        "true" => Ok(Expression::Boolean(true)),
        "false" => Ok(Expression::Boolean(false)),
        "null" => Ok(Expression::Null),
        _ => Err(problem),
    }
}

/// `[a, b]` or `[a..b]`
fn list(cursor: &mut Cursor, depth: u32) -> Result<Expression, TemplateProblem> {
    cursor.take("[");
    let mut elements = Vec::new();
    loop {
        cursor.skip_blanks();
        if elements.is_empty() && cursor.take("]") {
            return Ok(Expression::List(elements));
        }
        let element = argument(cursor, depth)?;
        cursor.skip_blanks();
        if elements.is_empty() && cursor.take("..") {
            let end = argument(cursor, depth)?;
            cursor.skip_blanks();
            if !cursor.take("]") {
                return Err(cursor.problem("expected `]` after the range"));
            }
            return Ok(Expression::Range(Box::new((element, end))));
        }
        elements.push(element);
        if cursor.take("]") {
            return Ok(Expression::List(elements));
        }
        if !cursor.take(",") || elements.len() >= ELEMENTS_MAX {
            return Err(cursor.problem("expected `,` or `]` after the element"));
        }
    }
}

/// `{'a': 1, 'b': 2}`
fn map(cursor: &mut Cursor, depth: u32) -> Result<Expression, TemplateProblem> {
    cursor.take("{");
    let mut entries = Vec::new();
    loop {
        cursor.skip_blanks();
        if entries.is_empty() && cursor.take("}") {
            return Ok(Expression::Map(entries));
        }
        let key = argument(cursor, depth)?;
        cursor.skip_blanks();
        if !cursor.take(":") {
            return Err(cursor.problem("expected `:` after the key"));
        }
        entries.push((key, argument(cursor, depth)?));
        cursor.skip_blanks();
        if cursor.take("}") {
            return Ok(Expression::Map(entries));
        }
        if !cursor.take(",") || entries.len() >= ELEMENTS_MAX {
            return Err(cursor.problem("expected `,` or `}` after the value"));
        }
    }
}
