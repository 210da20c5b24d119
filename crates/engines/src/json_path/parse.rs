//! A text becomes a path.

use super::cursor::Cursor;
use super::function::Function;
use super::path::Token;
use super::{JsonPath, JsonPathProblem, PATH_BYTES_MAX, PATH_TOKENS_MAX, parse_filter};

pub(super) fn parse(text: &str) -> Result<JsonPath, JsonPathProblem> {
    let mut cursor = Cursor::new(text.trim());
    if text.len() > PATH_BYTES_MAX {
        return Err(cursor.problem(format!("the path is longer than {PATH_BYTES_MAX} bytes")));
    }
    if cursor.peek().is_none() {
        return Err(cursor.problem("the path is empty, write `$` for the whole value"));
    }
    let mut tokens = Vec::new();
    if !cursor.take("$") && !cursor.take("@") && cursor.peek() != Some('[') {
        tokens.push(Token::Property(property_name(&mut cursor)?));
    }
    let function = parse_steps(&mut cursor, &mut tokens, 0)?;
    if cursor.peek().is_some() {
        return Err(cursor.problem("expected `.`, `[` or the end of the path"));
    }
    Ok(JsonPath { tokens, function })
}

/// Reads steps until something that is none; returns the function that the last one was.
pub(super) fn parse_steps(
    cursor: &mut Cursor,
    tokens: &mut Vec<Token>,
    depth: u32,
) -> Result<Option<Function>, JsonPathProblem> {
    loop {
        if tokens.len() > PATH_TOKENS_MAX {
            return Err(cursor.problem(format!("the path has more than {PATH_TOKENS_MAX} steps")));
        }
        if cursor.take("..") {
            tokens.push(Token::Descend);
            if cursor.take("*") {
                tokens.push(Token::Wildcard);
            } else if cursor.peek() == Some('[') {
                tokens.push(bracket(cursor, depth)?);
            } else {
                tokens.push(Token::Property(property_name(cursor)?));
            }
        } else if cursor.take(".") {
            if cursor.take("*") {
                tokens.push(Token::Wildcard);
            } else if cursor.peek() == Some('[') {
                tokens.push(bracket(cursor, depth)?);
            } else {
                let name = property_name(cursor)?;
                if cursor.peek() == Some('(') {
                    return function(cursor, &name).map(Some);
                }
                tokens.push(Token::Property(name));
            }
        } else if cursor.peek() == Some('[') {
            tokens.push(bracket(cursor, depth)?);
        } else {
            return Ok(None);
        }
    }
}

fn function(cursor: &mut Cursor, name: &str) -> Result<Function, JsonPathProblem> {
    let unknown = cursor.problem(format!("the function `{name}()` is not supported"));
    cursor.expect("(")?;
    cursor.skip_blanks();
    let argument = optional_integer(cursor)?;
    cursor.skip_blanks();
    if cursor.peek() != Some(')') {
        return Err(cursor.problem(format!("`{name}()` takes no such argument")));
    }
    cursor.next();
    if matches!(cursor.peek(), Some('.' | '[')) {
        return Err(cursor.problem(format!("nothing may follow `{name}()`")));
    }
    match (name, argument) {
        ("index", Some(index)) => Ok(Function::Index(index)),
        (_, None) => Function::find(name).ok_or(unknown),
        _ => Err(unknown),
    }
}

/// A name after a dot ends where the next step, a function's `(`, or inside a filter the expression goes on.
fn property_name(cursor: &mut Cursor) -> Result<String, JsonPathProblem> {
    let name = cursor.take_while(|character| {
        !character.is_whitespace()
            && !matches!(
                character,
                '.' | '[' | ']' | '(' | ')' | '\'' | '"' | ',' | '=' | '!' | '<' | '>' | '&' | '|'
            )
    });
    if name.is_empty() {
        return Err(cursor.problem("expected a name, write `['…']` for names with blanks or punctuation"));
    }
    Ok(name)
}

fn bracket(cursor: &mut Cursor, depth: u32) -> Result<Token, JsonPathProblem> {
    cursor.expect("[")?;
    cursor.skip_blanks();
    let token = match cursor.peek() {
        Some('\'' | '"') => names(cursor)?,
        Some('*') => {
            cursor.next();
            Token::Wildcard
        }
        Some('?') => parse_filter::parse_filter(cursor, depth)?,
        Some('-' | ':' | '0'..='9') => indices(cursor)?,
        _ => return Err(cursor.problem("expected a quoted name, a number, `*`, a range or a filter `?(…)`")),
    };
    cursor.skip_blanks();
    cursor.expect("]")?;
    Ok(token)
}

fn names(cursor: &mut Cursor) -> Result<Token, JsonPathProblem> {
    let mut names = vec![quoted(cursor)?];
    loop {
        cursor.skip_blanks();
        if !cursor.take(",") {
            break;
        }
        cursor.skip_blanks();
        names.push(quoted(cursor)?);
    }
    if names.len() == 1 {
        return Ok(Token::Property(names.swap_remove(0)));
    }
    Ok(Token::Properties(names))
}

/// Reads a text in single or double quotes; a backslash takes the next character as it is.
pub(super) fn quoted(cursor: &mut Cursor) -> Result<String, JsonPathProblem> {
    let Some(quote) = cursor.peek().filter(|character| matches!(character, '\'' | '"')) else {
        return Err(cursor.problem("expected a text in quotes"));
    };
    cursor.next();
    let mut text = String::new();
    loop {
        match cursor.next() {
            None => return Err(cursor.problem(format!("expected a closing `{quote}`"))),
            Some(character) if character == quote => return Ok(text),
            Some('\\') => text.extend(cursor.next()),
            Some(character) => text.push(character),
        }
    }
}

fn indices(cursor: &mut Cursor) -> Result<Token, JsonPathProblem> {
    let first = optional_integer(cursor)?;
    cursor.skip_blanks();
    if cursor.take(":") {
        cursor.skip_blanks();
        let to = optional_integer(cursor)?;
        cursor.skip_blanks();
        if cursor.peek() == Some(':') {
            return Err(cursor.problem("a range with a step is not supported"));
        }
        return Ok(Token::Slice { from: first, to });
    }
    let mut indices = vec![first.ok_or_else(|| cursor.problem("expected a number"))?];
    while cursor.take(",") {
        cursor.skip_blanks();
        indices.push(optional_integer(cursor)?.ok_or_else(|| cursor.problem("expected a number"))?);
        cursor.skip_blanks();
    }
    match indices.as_slice() {
        [index] => Ok(Token::Index(*index)),
        _ => Ok(Token::Indices(indices)),
    }
}

fn optional_integer(cursor: &mut Cursor) -> Result<Option<i64>, JsonPathProblem> {
    let negative = cursor.take("-");
    let digits = cursor.take_while(|character| character.is_ascii_digit());
    if digits.is_empty() && !negative {
        return Ok(None);
    }
    // An index past 32 bits names nothing in any value that fits in memory here: refused rather than wrapped.
    let number: i32 = digits
        .parse()
        .map_err(|_| cursor.problem("expected a number of at most nine digits"))?;
    Ok(Some(if negative {
        -i64::from(number)
    } else {
        i64::from(number)
    }))
}
