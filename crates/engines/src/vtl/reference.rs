//! `$name.property.method('argument')[0]` and what may stand in its parentheses and brackets.

use super::TemplateProblem;
use super::ast::{Expression, Node, Reference, Segment, SegmentKind};
use super::cursor::Cursor;
use super::parse::{NESTING_MAX, parse};

/// The most steps of one reference, and the most arguments of one call.
const SEGMENTS_MAX: usize = 64;

pub(super) fn is_word_start(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_'
}

pub(super) fn is_word_part(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

/// Tells whether a reference begins here: `$5`, `$.a` and a lone `$` are text.
pub(super) fn begins_reference(cursor: &Cursor) -> bool {
    if cursor.peek() != Some('$') {
        return false;
    }
    let mut next = 1;
    for optional in ['!', '{'] {
        if cursor.peek_at(next) == Some(optional) {
            next += 1;
        }
    }
    cursor.peek_at(next).is_some_and(is_word_start)
}

/// Reads the reference that begins here.
pub(super) fn parse_reference(cursor: &mut Cursor, depth: u32) -> Result<Reference, TemplateProblem> {
    if depth > NESTING_MAX {
        return Err(cursor.problem(format!("arguments nest deeper than {NESTING_MAX} levels")));
    }
    let start = cursor.position();
    let place = cursor.place();
    cursor.take("$");
    cursor.take("!");
    let formal = cursor.take("{");
    let root = cursor.take_while(is_word_part);
    let segments = segments(cursor, depth)?;
    if formal && !cursor.take("}") {
        return Err(cursor.problem("expected `}` at the end of the reference, write `\\${` for a text"));
    }
    Ok(Reference {
        place,
        source: cursor.between(start, cursor.position()),
        root,
        segments,
    })
}

fn segments(cursor: &mut Cursor, depth: u32) -> Result<Vec<Segment>, TemplateProblem> {
    let mut segments = Vec::new();
    loop {
        let place = cursor.place();
        if segments.len() > SEGMENTS_MAX {
            return Err(cursor.problem(format!("the reference has more than {SEGMENTS_MAX} steps")));
        }
        let kind = if cursor.peek() == Some('.') && cursor.peek_at(1).is_some_and(is_word_start) {
            cursor.next();
            let name = cursor.take_while(is_word_part);
            if cursor.take("(") {
                let arguments = arguments(cursor, depth)?;
                SegmentKind::Call { name, arguments }
            } else {
                SegmentKind::Property(name)
            }
        } else if cursor.take("[") {
            SegmentKind::Index(index(cursor, depth)?)
        } else {
            return Ok(segments);
        };
        segments.push(Segment { place, kind });
    }
}

fn arguments(cursor: &mut Cursor, depth: u32) -> Result<Vec<Expression>, TemplateProblem> {
    let mut arguments = Vec::new();
    loop {
        cursor.skip_blanks();
        if arguments.is_empty() && cursor.take(")") {
            return Ok(arguments);
        }
        arguments.push(expression(cursor, depth)?);
        cursor.skip_blanks();
        if cursor.take(")") {
            return Ok(arguments);
        }
        if !cursor.take(",") || arguments.len() > SEGMENTS_MAX {
            return Err(cursor.problem("expected `,` or `)` after the argument"));
        }
    }
}

fn index(cursor: &mut Cursor, depth: u32) -> Result<Expression, TemplateProblem> {
    cursor.skip_blanks();
    let expression = expression(cursor, depth)?;
    cursor.skip_blanks();
    if cursor.take("]") {
        return Ok(expression);
    }
    Err(cursor.problem("expected `]`, write `${…}[` when the bracket is text"))
}

fn expression(cursor: &mut Cursor, depth: u32) -> Result<Expression, TemplateProblem> {
    match cursor.peek() {
        Some('\'') => quoted(cursor, '\'').map(Expression::Text),
        Some('"') => {
            let place = cursor.place();
            let text = quoted(cursor, '"')?;
            if !text.contains(['$', '#']) {
                return Ok(Expression::Text(text));
            }
            if depth >= NESTING_MAX {
                return Err(cursor.problem(format!("arguments nest deeper than {NESTING_MAX} levels")));
            }
            let mut inside = place;
            inside.column = inside.column.saturating_add(1);
            let nodes = parse(&text, inside, depth + 1)?;
            match nodes.as_slice() {
                [] => Ok(Expression::Text(String::new())),
                [Node::Text(text)] => Ok(Expression::Text(text.clone())),
                _ => Ok(Expression::Interpolated(nodes)),
            }
        }
        Some('$') => Ok(Expression::Reference(Box::new(parse_reference(
            cursor,
            depth + 1,
        )?))),
        Some('-' | '0'..='9') => number(cursor),
        _ => word(cursor),
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
    let text = cursor.take_while(|character| character.is_ascii_digit() || matches!(character, '-' | '.'));
    if let Ok(integer) = text.parse() {
        return Ok(Expression::Integer(integer));
    }
    text.parse().map(Expression::Decimal).map_err(|_| problem)
}

fn word(cursor: &mut Cursor) -> Result<Expression, TemplateProblem> {
    let problem = cursor.problem(
        "expected a text in quotes, a number, `true`, `false` or a reference; lists, maps, ranges and arithmetic are \
         not supported",
    );
    match cursor.take_while(is_word_part).as_str() {
        "true" => Ok(Expression::Boolean(true)),
        "false" => Ok(Expression::Boolean(false)),
        _ => Err(problem),
    }
}
