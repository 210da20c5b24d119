//! A text becomes text, references and directives (Velocity 1.7 user guide: "References", "Comments", "Escaping").
//!
//! Blanks go where Velocity 1.7 lets them go: those between a directive and the end of its line, and those before a `#set`
//! that nothing but blanks separates from the directive, reference or comment before it.

use portcullis_model::Place;

use super::TemplateProblem;
use super::ast::Node;
use super::cursor::Cursor;
use super::directive;
use super::reference::{begins_reference, is_word_start, parse_reference};

/// How deep directives, parentheses, lists and arguments may nest in each other.
pub(super) const NESTING_MAX: u32 = 32;

/// Reads a whole text; `place` is where it begins and `depth` how much is around it.
pub(super) fn parse(text: &str, place: Place, depth: u32) -> Result<Vec<Node>, TemplateProblem> {
    let mut cursor = Cursor::new(text, place);
    let (nodes, ending) = parse_block(&mut cursor, depth)?;
    match ending {
        Ending::OfText => Ok(nodes),
        Ending::End(place) | Ending::Else(place) | Ending::ElseIf(place) => Err(TemplateProblem {
            place,
            message: format!(
                "`#{}` belongs to no `#if`, `#foreach` or `#define`",
                ending.name()
            ),
        }),
    }
}

/// What a block ends with, and where that begins. Behind it the cursor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    OfText,
    End(Place),
    Else(Place),
    ElseIf(Place),
}

impl Ending {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::OfText => "",
            Self::End(_) => "end",
            Self::Else(_) => "else",
            Self::ElseIf(_) => "elseif",
        }
    }
}

/// Reads up to what ends the block at hand.
pub(super) fn parse_block(cursor: &mut Cursor, depth: u32) -> Result<(Vec<Node>, Ending), TemplateProblem> {
    if depth > NESTING_MAX {
        return Err(cursor.problem(format!("the template nests deeper than {NESTING_MAX} levels")));
    }
    let mut block = Block {
        cursor,
        nodes: Vec::new(),
        text: String::new(),
        token_start: 0,
        depth,
    };
    let ending = block.read()?;
    block.end_text();
    Ok((block.nodes, ending))
}

struct Block<'c> {
    cursor: &'c mut Cursor,
    nodes: Vec<Node>,
    /// Text read since the last reference.
    text: String,
    /// Where in `text` the run of plain characters at hand began.
    token_start: usize,
    depth: u32,
}

impl Block<'_> {
    fn read(&mut self) -> Result<Ending, TemplateProblem> {
        while let Some(character) = self.cursor.peek() {
            match character {
                '$' => self.dollar()?,
                '#' => {
                    if let Some(ending) = self.hash()? {
                        return Ok(ending);
                    }
                }
                '\\' => self.backslashes()?,
                _ => self.text.extend(self.cursor.next()),
            }
        }
        Ok(Ending::OfText)
    }

    /// Takes one character as text that ends a run of plain ones.
    fn character(&mut self) {
        self.text.extend(self.cursor.next());
        self.token_start = self.text.len();
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            self.nodes.push(Node::Text(std::mem::take(&mut self.text)));
        }
        self.token_start = 0;
    }

    fn push(&mut self, node: Node) {
        self.end_text();
        self.nodes.push(node);
    }

    fn dollar(&mut self) -> Result<(), TemplateProblem> {
        if !begins_reference(self.cursor) {
            self.character();
            // Of `$!` that begins no reference Velocity prints the `$`.
            if self.cursor.peek() == Some('!') && self.cursor.peek_at(1) != Some('{') {
                self.cursor.next();
            }
            return Ok(());
        }
        let reference = parse_reference(self.cursor, self.depth)?;
        self.push(Node::Reference(reference));
        Ok(())
    }

    fn hash(&mut self) -> Result<Option<Ending>, TemplateProblem> {
        let place = self.cursor.place();
        if self.cursor.take("##") {
            self.line_comment();
        } else if self.cursor.take("#*") {
            self.take_until("*#", place, "comment")?;
        } else if self.cursor.take("#[[") {
            let text = self.take_until("]]#", place, "unparsed block")?;
            self.text.push_str(&text);
        } else if let Some(name) = directive::name(self.cursor) {
            return self.directive(&name);
        } else {
            self.character();
        }
        self.token_start = self.text.len();
        Ok(None)
    }

    fn directive(&mut self, name: &str) -> Result<Option<Ending>, TemplateProblem> {
        let place = self.cursor.place();
        let ending = match name {
            "end" => Ending::End(place),
            "else" => Ending::Else(place),
            "elseif" => Ending::ElseIf(place),
            _ => {
                let run = self.text.get(self.token_start..).unwrap_or_default();
                let blank = run.chars().all(|character| matches!(character, ' ' | '\t'));
                match directive::parse(self.cursor, name, self.depth)? {
                    Some(node) => {
                        if blank && matches!(node, Node::Set { .. }) {
                            self.text.truncate(self.token_start);
                        }
                        self.push(node);
                    }
                    None => self.text.push_str(&directive::unknown(self.cursor, self.depth)?),
                }
                self.token_start = self.text.len();
                return Ok(None);
            }
        };
        directive::skip_name(self.cursor, name);
        if name != "elseif" {
            directive::end_line(self.cursor);
        }
        Ok(Some(ending))
    }

    /// The line's end belongs to the comment.
    fn line_comment(&mut self) {
        while let Some(character) = self.cursor.next() {
            if character == '\n' || (character == '\r' && self.cursor.peek() != Some('\n')) {
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

    /// Two backslashes before a reference or a directive are one; an odd one makes what follows text.
    fn backslashes(&mut self) -> Result<(), TemplateProblem> {
        let backslashes = self.cursor.take_while(|character| character == '\\');
        let escapes = backslashes.len() % 2 == 1;
        let halved = "\\".repeat(backslashes.len() / 2);
        if begins_reference(self.cursor) {
            self.text.push_str(&halved);
            if escapes {
                let mark = self.cursor.mark();
                match parse_reference(self.cursor, self.depth) {
                    Ok(reference) => self.text.push_str(&reference.source),
                    Err(_) => {
                        self.cursor.reset(mark);
                        self.character();
                    }
                }
            }
        } else if directive::name(self.cursor).is_some_and(|name| directive::is_known(&name)) {
            self.text.push_str(&halved);
            if escapes {
                self.character();
            }
        } else {
            self.text.push_str(&backslashes);
            // What is unknown stays as it stands, arguments too.
            if escapes && self.cursor.peek() == Some('#') && self.cursor.peek_at(1).is_some_and(is_word_start)
            {
                self.character();
            }
        }
        self.token_start = self.text.len();
        Ok(())
    }
}
