//! A text becomes a filter: `?(` or-expression `)`.

use serde_json::Value;

use super::cursor::Cursor;
use super::parse::{parse_steps, quoted};
use super::path::{Filter, Operand, Operator, Pattern, Token};
use super::{FILTER_DEPTH_MAX, JsonPathProblem};
use crate::java_pattern;

/// Longer operators first, so that `<=` is not read as `<`.
const OPERATORS: [(&str, Operator); 16] = [
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("in", Operator::In),
    ("nin", Operator::NotIn),
    ("subsetof", Operator::SubsetOf),
    ("anyof", Operator::AnyOf),
    ("noneof", Operator::NoneOf),
    ("all", Operator::All),
    ("contains", Operator::Contains),
    ("size", Operator::Size),
    ("empty", Operator::Empty),
    ("=~", Operator::Matches),
];

pub(super) fn parse_filter(cursor: &mut Cursor, depth: u32) -> Result<Token, JsonPathProblem> {
    cursor.expect("?")?;
    cursor.skip_blanks();
    if cursor.peek() != Some('(') {
        return Err(cursor.problem("expected `(`: a filter is written `[?(@.name == 'value')]`"));
    }
    cursor.next();
    let filter = any_of(cursor, depth + 1)?;
    cursor.skip_blanks();
    cursor.expect(")")?;
    Ok(Token::Filter(filter))
}

fn any_of(cursor: &mut Cursor, depth: u32) -> Result<Filter, JsonPathProblem> {
    if depth > FILTER_DEPTH_MAX {
        return Err(cursor.problem(format!("filters nest deeper than {FILTER_DEPTH_MAX} levels")));
    }
    let mut filters = vec![all_of(cursor, depth)?];
    loop {
        cursor.skip_blanks();
        if !cursor.take("||") {
            return Ok(alone_or(filters, Filter::Or));
        }
        filters.push(all_of(cursor, depth)?);
    }
}

fn all_of(cursor: &mut Cursor, depth: u32) -> Result<Filter, JsonPathProblem> {
    let mut filters = vec![condition(cursor, depth)?];
    loop {
        cursor.skip_blanks();
        if !cursor.take("&&") {
            return Ok(alone_or(filters, Filter::And));
        }
        filters.push(condition(cursor, depth)?);
    }
}

fn alone_or(mut filters: Vec<Filter>, combine: impl Fn(Vec<Filter>) -> Filter) -> Filter {
    if filters.len() == 1 {
        filters.swap_remove(0)
    } else {
        combine(filters)
    }
}

fn condition(cursor: &mut Cursor, depth: u32) -> Result<Filter, JsonPathProblem> {
    cursor.skip_blanks();
    let mut negations = 0_u32;
    while cursor.take("!") {
        negations = negations.saturating_add(1);
        cursor.skip_blanks();
    }
    let positive = if cursor.take("(") {
        let inner = any_of(cursor, depth + 1)?;
        cursor.skip_blanks();
        cursor.expect(")")?;
        inner
    } else {
        comparison(cursor, depth)?
    };
    Ok(if negations % 2 == 1 {
        Filter::Not(Box::new(positive))
    } else {
        positive
    })
}

fn comparison(cursor: &mut Cursor, depth: u32) -> Result<Filter, JsonPathProblem> {
    let left = operand(cursor, depth)?;
    cursor.skip_blanks();
    let Some(operator) = OPERATORS
        .iter()
        .find(|(text, _)| cursor.take(text))
        .map(|(_, operator)| *operator)
    else {
        if matches!(left, Operand::Literal(_)) {
            return Err(cursor.problem("expected an operator after the literal"));
        }
        return Ok(Filter::Exists(left));
    };
    cursor.skip_blanks();
    if operator == Operator::Matches {
        return Ok(Filter::Matches(left, pattern(cursor)?));
    }
    let right = operand(cursor, depth)?;
    Ok(Filter::Compare {
        left,
        operator,
        right,
    })
}

/// `/pattern/flags`, which must match the whole text.
fn pattern(cursor: &mut Cursor) -> Result<Pattern, JsonPathProblem> {
    cursor.expect("/")?;
    let mut source = String::new();
    loop {
        match cursor.next() {
            None => return Err(cursor.problem("expected a closing `/`")),
            Some('/') => break,
            Some('\\') => {
                let escaped = cursor.next();
                source.extend((escaped != Some('/')).then_some('\\'));
                source.extend(escaped);
            }
            Some(character) => source.push(character),
        }
    }
    let flags = cursor.take_while(|character| character.is_ascii_alphabetic());
    if let Some(flag) = flags.chars().find(|flag| !matches!(flag, 'i' | 'm' | 's' | 'u')) {
        return Err(cursor.problem(format!(
            "the flag `{flag}` is not supported: there are `i`, `m`, `s`, `u`"
        )));
    }
    let flags = flags.replace('u', "");
    let flagged = if flags.is_empty() {
        source
    } else {
        format!("(?{flags}){source}")
    };
    java_pattern::compile(&flagged, true)
        .map(|regex| Pattern(Box::new(regex)))
        .map_err(|cause| cursor.problem(format!("the pattern is not supported: {cause}")))
}

fn operand(cursor: &mut Cursor, depth: u32) -> Result<Operand, JsonPathProblem> {
    match cursor.peek() {
        Some('@') => Ok(Operand::FromElement(path(cursor, depth)?)),
        Some('$') => Ok(Operand::FromRoot(path(cursor, depth)?)),
        _ => Ok(Operand::Literal(literal(cursor, depth)?)),
    }
}

fn path(cursor: &mut Cursor, depth: u32) -> Result<Vec<Token>, JsonPathProblem> {
    cursor.next();
    let mut tokens = Vec::new();
    if parse_steps(cursor, &mut tokens, depth)?.is_some() {
        return Err(cursor.problem("functions are not supported inside filters"));
    }
    Ok(tokens)
}

fn literal(cursor: &mut Cursor, depth: u32) -> Result<Value, JsonPathProblem> {
    if matches!(cursor.peek(), Some('\'' | '"')) {
        return quoted(cursor).map(Value::String);
    }
    if cursor.peek() == Some('[') {
        return list(cursor, depth + 1);
    }
    let word = cursor
        .take_while(|character| character.is_ascii_alphanumeric() || matches!(character, '-' | '+' | '.'));
    match word.as_str() {
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        "null" => Ok(Value::Null),
        number => match serde_json::from_str(number) {
            Ok(Value::Number(number)) => Ok(Value::Number(number)),
            _ => Err(cursor.problem(
                "expected `@…`, `$…`, a text in quotes, a number, `true`, `false`, `null` or a list",
            )),
        },
    }
}

fn list(cursor: &mut Cursor, depth: u32) -> Result<Value, JsonPathProblem> {
    if depth > FILTER_DEPTH_MAX {
        return Err(cursor.problem(format!("lists nest deeper than {FILTER_DEPTH_MAX} levels")));
    }
    cursor.expect("[")?;
    let mut elements = Vec::new();
    loop {
        cursor.skip_blanks();
        if cursor.take("]") {
            return Ok(Value::Array(elements));
        }
        if !elements.is_empty() {
            cursor.expect(",")?;
            cursor.skip_blanks();
        }
        elements.push(literal(cursor, depth)?);
    }
}
