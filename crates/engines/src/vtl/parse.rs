//! A text becomes text and references (Velocity 1.7 user guide: "References", "Comments", "Escaping").

use portcullis_model::Place;

use super::TemplateProblem;
use super::ast::Node;
use super::cursor::Cursor;
use super::reference::{begins_reference, is_word_part, is_word_start, parse_reference};

/// How deep arguments may nest in arguments.
pub(super) const NESTING_MAX: u32 = 16;

/// Velocity's own directives; any other word after `#` is one only when `(` follows it: a macro's call.
const DIRECTIVES: [&str; 13] = [
    "set", "if", "elseif", "else", "end", "foreach", "break", "stop", "include", "parse", "evaluate",
    "define", "macro",
];

/// The variables of API Gateway. A backslash before a reference to another one stays, as in Velocity before an
/// undefined one.
pub(super) const ROOTS: [&str; 4] = ["context", "stageVariables", "input", "util"];

/// Reads a whole text; `place` is where it begins and `depth` how many arguments are around it.
pub(super) fn parse(text: &str, place: Place, depth: u32) -> Result<Vec<Node>, TemplateProblem> {
    let mut parser = Parser {
        cursor: Cursor::new(text, place),
        nodes: Vec::new(),
        text: String::new(),
        depth,
    };
    while let Some(character) = parser.cursor.peek() {
        match character {
            '$' => parser.dollar()?,
            '#' => parser.hash()?,
            '\\' => parser.backslashes()?,
            _ => parser.character(),
        }
    }
    parser.end_text();
    Ok(parser.nodes)
}

struct Parser {
    cursor: Cursor,
    nodes: Vec<Node>,
    /// Text read since the last reference.
    text: String,
    depth: u32,
}

impl Parser {
    fn character(&mut self) {
        self.text.extend(self.cursor.next());
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            self.nodes.push(Node::Text(std::mem::take(&mut self.text)));
        }
    }

    fn dollar(&mut self) -> Result<(), TemplateProblem> {
        if !begins_reference(&self.cursor) {
            self.character();
            return Ok(());
        }
        let reference = parse_reference(&mut self.cursor, self.depth)?;
        self.end_text();
        self.nodes.push(Node::Reference(reference));
        Ok(())
    }

    fn hash(&mut self) -> Result<(), TemplateProblem> {
        let place = self.cursor.place();
        if self.cursor.take("##") {
            self.line_comment();
        } else if self.cursor.take("#*") {
            self.take_until("*#", place, "comment")?;
        } else if self.cursor.take("#[[") {
            let text = self.take_until("]]#", place, "unparsed block")?;
            self.text.push_str(&text);
        } else if let Some(name) = self.directive() {
            return Err(self.cursor.problem(format!(
                "the directive `#{name}` is not supported: templates know text, `$context.…`, `$stageVariables.…`, \
                 `$input.body`, `$input.path(…)`, `$input.json(…)` and `$input.params(…)`"
            )));
        } else {
            self.character();
        }
        Ok(())
    }

    /// The line's end belongs to the comment.
    fn line_comment(&mut self) {
        while let Some(character) = self.cursor.next() {
            if character == '\n' {
                break;
            }
        }
    }

    fn take_until(&mut self, end: &str, opened: Place, what: &str) -> Result<String, TemplateProblem> {
        let start = self.cursor.position();
        loop {
            let stop = self.cursor.position();
            if self.cursor.take(end) {
                return Ok(self.cursor.between(start, stop));
            }
            if self.cursor.next().is_none() {
                let message = format!("the {what} that begins here has no `{end}`");
                return Err(TemplateProblem {
                    place: opened,
                    message,
                });
            }
        }
    }

    /// Returns the directive that begins here; `#fff` and the like are text.
    fn directive(&self) -> Option<String> {
        let braced = self.cursor.peek_at(1) == Some('{');
        let start = if braced { 2 } else { 1 };
        let macro_body = self.cursor.peek_at(start) == Some('@');
        let start = if macro_body { start + 1 } else { start };
        self.cursor
            .peek_at(start)
            .filter(|character| is_word_start(*character))?;
        let name: String = (start..)
            .map_while(|at| self.cursor.peek_at(at))
            .take_while(|character| is_word_part(*character))
            .collect();
        let after = start + name.chars().count();
        if braced && self.cursor.peek_at(after) != Some('}') {
            return None;
        }
        let after = if braced { after + 1 } else { after };
        let is_call = self.cursor.peek_at(after) == Some('(');
        (is_call || DIRECTIVES.contains(&name.as_str())).then_some(name)
    }

    /// Two backslashes before a reference or a directive are one; an odd one makes what follows text.
    fn backslashes(&mut self) -> Result<(), TemplateProblem> {
        let backslashes = self.cursor.take_while(|character| character == '\\');
        let escapes = backslashes.len() % 2 == 1;
        let halved = "\\".repeat(backslashes.len() / 2);
        if begins_reference(&self.cursor) {
            let mark = self.cursor.mark();
            let reference = match parse_reference(&mut self.cursor, self.depth) {
                Ok(reference) => reference,
                Err(_) if escapes => {
                    self.cursor.reset(mark);
                    self.text.push_str(&halved);
                    self.character();
                    return Ok(());
                }
                Err(problem) => return Err(problem),
            };
            let known = ROOTS.contains(&reference.root.as_str());
            self.text.push_str(if known { &halved } else { &backslashes });
            if escapes {
                self.text.push_str(&reference.source);
            } else {
                self.end_text();
                self.nodes.push(Node::Reference(reference));
            }
        } else if self.directive().is_some() {
            self.text.push_str(&halved);
            if escapes {
                self.character();
            }
        } else {
            self.text.push_str(&backslashes);
        }
        Ok(())
    }
}
