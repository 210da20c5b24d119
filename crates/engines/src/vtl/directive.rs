//! `#set`, `#if`, `#foreach`, `#define`, `#break`, `#stop` (Velocity 1.7 user guide: "Directives").
//!
//! API Gateway keeps a part of the language to itself: it defines no macros and evaluates no text, and prints what names a
//! macro as it stands (recorded: `#recur(5)`, `#evaluate($x)`). A template that relies on them is refused instead of printing
//! itself. Every other word after `#` is text, its arguments too (recorded: `#return($v1)`).

use super::TemplateProblem;
use super::ast::{Expression, Node};
use super::cursor::Cursor;
use super::expression::{argument, parse_condition};
use super::parse::{Ending, parse_block};
use super::reference::{begins_reference, is_word_start, parse_reference};

const SUPPORTED: [&str; 9] = [
    "set", "if", "elseif", "else", "end", "foreach", "define", "break", "stop",
];

/// Velocity's that API Gateway does not have.
const REFUSED: [&str; 5] = ["macro", "evaluate", "parse", "include", "literal"];

/// Tells whether a backslash before it is an escape.
pub(super) fn is_known(name: &str) -> bool {
    SUPPORTED.contains(&name) || REFUSED.contains(&name)
}

/// Returns the word that follows the `#` here, braces and all left out.
pub(super) fn name(cursor: &Cursor) -> Option<String> {
    if cursor.peek() != Some('#') {
        return None;
    }
    let braced = cursor.peek_at(1) == Some('{');
    let start = if braced { 2 } else { 1 };
    let first = cursor.peek_at(start)?;
    if !is_word_start(first) && first != '@' {
        return None;
    }
    let name: String = (start..)
        .map_while(|at| cursor.peek_at(at))
        .take_while(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '@'))
        .collect();
    let closed = !braced || cursor.peek_at(start + name.len()) == Some('}');
    closed.then_some(name)
}

/// Steps over `#name` or `#{name}`.
pub(super) fn skip_name(cursor: &mut Cursor, name: &str) {
    let braces = if cursor.peek_at(1) == Some('{') { 2 } else { 0 };
    cursor.skip(1 + braces + name.len());
}

/// Takes blanks and the line's end, if there is nothing else on the line.
pub(super) fn end_line(cursor: &mut Cursor) {
    let blanks = (0..)
        .take_while(|at| matches!(cursor.peek_at(*at), Some(' ' | '\t')))
        .count();
    let (next, after) = (cursor.peek_at(blanks), cursor.peek_at(blanks + 1));
    match (next, after) {
        (Some('\r'), Some('\n')) => cursor.skip(blanks + 2),
        (Some('\n' | '\r'), _) => cursor.skip(blanks + 1),
        _ => {}
    }
}

/// Reads the directive `name` that begins here; none where it is text.
pub(super) fn parse(cursor: &mut Cursor, name: &str, depth: u32) -> Result<Option<Node>, TemplateProblem> {
    let refused = name.strip_prefix('@').unwrap_or(name);
    if REFUSED.contains(&name) || refused != name {
        return Err(cursor.problem(format!(
            "`#{name}` is not for mapping templates: API Gateway has no macros, and neither evaluates nor includes texts"
        )));
    }
    if !SUPPORTED.contains(&name) {
        return Ok(None);
    }
    if name == "set" && !opens(cursor, name, |blank| matches!(blank, ' ' | '\t')) {
        return Ok(None);
    }
    let place = cursor.place();
    let missing = cursor.problem(format!("`#{name}` has no `(`"));
    skip_name(cursor, name);
    let node = match name {
        "break" => Node::Break,
        "stop" => Node::Stop,
        _ => {
            cursor.skip_blanks();
            if !cursor.take("(") {
                return Err(missing);
            }
            match name {
                "set" => {
                    let (target, value) = set(cursor, depth)?;
                    Node::Set { place, target, value }
                }
                "if" => return parse_if(cursor, depth, name).map(Some),
                "foreach" => foreach(cursor, depth)?,
                _ => define(cursor, depth)?,
            }
        }
    };
    Ok(Some(node))
}

/// Tells whether a `(` follows the name, at most blanks between.
fn opens(cursor: &Cursor, name: &str, is_blank: impl Fn(char) -> bool) -> bool {
    let braces = if cursor.peek_at(1) == Some('{') { 2 } else { 0 };
    let mut at = 1 + braces + name.len();
    while cursor.peek_at(at).is_some_and(&is_blank) {
        at += 1;
    }
    cursor.peek_at(at) == Some('(')
}

/// Reads a word that is no directive, with its arguments, as the text that it is.
pub(super) fn unknown(cursor: &mut Cursor, depth: u32) -> Result<String, TemplateProblem> {
    let start = cursor.position();
    let name = name(cursor).unwrap_or_default();
    let called = opens(cursor, &name, |blank| matches!(blank, ' ' | '\t'));
    skip_name(cursor, &name);
    if called && !super::directive::is_known(&name) {
        cursor.skip_blanks();
        cursor.take("(");
        loop {
            cursor.skip_blanks();
            if cursor.take(")") {
                break;
            }
            argument(cursor, depth + 1)?;
            cursor.skip_blanks();
            cursor.take(",");
        }
    }
    Ok(cursor.between(start, cursor.position()))
}

fn close(cursor: &mut Cursor) -> Result<(), TemplateProblem> {
    cursor.skip_blanks();
    if !cursor.take(")") {
        return Err(cursor.problem(
            "expected `)` or an operator; write a blank between `-` and a number that is subtracted",
        ));
    }
    end_line(cursor);
    Ok(())
}

fn set(cursor: &mut Cursor, depth: u32) -> Result<(super::ast::Reference, Expression), TemplateProblem> {
    cursor.skip_blanks();
    if !begins_reference(cursor) {
        return Err(cursor.problem("expected a reference: `#set($name = …)`"));
    }
    let target = parse_reference(cursor, depth)?;
    cursor.skip_blanks();
    if cursor.peek_at(1) == Some('=') || !cursor.take("=") {
        return Err(cursor.problem("expected `=`: `#set($name = …)`"));
    }
    let value = parse_condition(cursor, depth)?;
    close(cursor)?;
    Ok((target, value))
}

fn parse_if(cursor: &mut Cursor, depth: u32, name: &str) -> Result<Node, TemplateProblem> {
    let opened = cursor.problem(format!("the `#{name}` whose condition begins here has no `#end`"));
    let mut arms = Vec::new();
    loop {
        let condition = parse_condition(cursor, depth)?;
        close(cursor)?;
        let (body, ending) = parse_block(cursor, depth + 1)?;
        arms.push((condition, body));
        match ending {
            Ending::End(_) => {
                return Ok(Node::If {
                    arms,
                    otherwise: Vec::new(),
                });
            }
            Ending::ElseIf(_) => {
                cursor.skip_blanks();
                if !cursor.take("(") {
                    return Err(cursor.problem("`#elseif` has no `(`"));
                }
            }
            Ending::Else(_) => {
                let otherwise = finish(cursor, depth, opened)?;
                return Ok(Node::If { arms, otherwise });
            }
            Ending::OfText => return Err(opened),
        }
    }
}

/// Reads a block up to its `#end`.
fn finish(cursor: &mut Cursor, depth: u32, opened: TemplateProblem) -> Result<Vec<Node>, TemplateProblem> {
    let (body, ending) = parse_block(cursor, depth + 1)?;
    match ending {
        Ending::End(_) => Ok(body),
        Ending::OfText => Err(opened),
        Ending::Else(place) | Ending::ElseIf(place) => Err(TemplateProblem {
            place,
            message: format!("expected `#end`, not `#{}`", ending.name()),
        }),
    }
}

fn foreach(cursor: &mut Cursor, depth: u32) -> Result<Node, TemplateProblem> {
    let opened = cursor.problem("the `#foreach` that begins here has no `#end`");
    let variable = variable(cursor, depth, "`#foreach($element in …)`")?;
    cursor.skip_blanks();
    if !cursor.take("in") {
        return Err(cursor.problem("expected `in`: `#foreach($element in …)`"));
    }
    let list = argument(cursor, depth)?;
    close(cursor)?;
    let body = finish(cursor, depth, opened)?;
    Ok(Node::Foreach { variable, list, body })
}

fn define(cursor: &mut Cursor, depth: u32) -> Result<Node, TemplateProblem> {
    let opened = cursor.problem("the `#define` that begins here has no `#end`");
    let name = variable(cursor, depth, "`#define($name)`")?;
    close(cursor)?;
    let body = finish(cursor, depth, opened)?;
    Ok(Node::Define { name, body })
}

/// Reads a reference that is a name and nothing else.
fn variable(cursor: &mut Cursor, depth: u32, form: &str) -> Result<String, TemplateProblem> {
    cursor.skip_blanks();
    let expected = cursor.problem(format!("expected a variable: {form}"));
    if !begins_reference(cursor) {
        return Err(expected);
    }
    let reference = parse_reference(cursor, depth)?;
    if reference.segments.is_empty() {
        Ok(reference.root)
    } else {
        Err(expected)
    }
}
