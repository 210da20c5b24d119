//! `$name.property.method('argument')[0]`

use super::TemplateProblem;
use super::ast::{Expression, Reference, Segment, SegmentKind};
use super::cursor::Cursor;
use super::expression::argument;
use super::parse::NESTING_MAX;

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
        let letter = cursor
            .peek_at(1)
            .is_some_and(|character| character.is_ascii_alphabetic());
        let kind = if cursor.peek() == Some('.') && letter {
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
        arguments.push(argument(cursor, depth + 1)?);
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
    let expression = argument(cursor, depth + 1)?;
    cursor.skip_blanks();
    if cursor.take("]") {
        return Ok(expression);
    }
    Err(cursor.problem("expected `]`, write `${…}[` when the bracket is text"))
}
