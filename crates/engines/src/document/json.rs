//! Reads JSON (RFC 8259) into a tree with places. `serde_json` reads each text and number; the structure is read
//! here because no crate of ours gives places.

use portcullis_model::Place;

use super::node::{Key, Node, NodeKind};
use super::tree::{Ledger, MapBuilder, Unreadable};

/// Reads one JSON document.
pub(super) fn read_json(text: &str, ledger: &mut Ledger) -> Result<Node, Unreadable> {
    let mut reader = Reader {
        rest: text,
        place: Place { line: 1, column: 1 },
        ledger,
    };
    let root = reader.value(reader.ledger.bounds.depth_max)?;
    reader.skip_blanks();
    match reader.peek() {
        None => Ok(root),
        Some(_) => Err(reader.error(&format!(
            "text follows the end of the {}",
            reader.ledger.bounds.noun
        ))),
    }
}

struct Reader<'text, 'ledger> {
    rest: &'text str,
    place: Place,
    ledger: &'ledger mut Ledger,
}

impl<'text> Reader<'text, '_> {
    fn value(&mut self, levels_left: usize) -> Result<Node, Unreadable> {
        self.skip_blanks();
        let place = self.place;
        self.ledger.pay(place)?;
        let kind = match self.peek() {
            Some('{') => self.object(levels_left)?,
            Some('[') => self.list(levels_left)?,
            Some('"') => NodeKind::String {
                text: self.string()?,
                plain: false,
            },
            Some('-' | '0'..='9') => self.number()?,
            Some(_) => self.word()?,
            None => {
                let noun = self.ledger.bounds.noun;
                return Err(self.error(&format!("the {noun} ends where a value should stand")));
            }
        };
        Ok(Node { place, kind })
    }

    fn deeper(&self, levels_left: usize) -> Result<usize, Unreadable> {
        levels_left.checked_sub(1).ok_or_else(|| {
            let depth_max = self.ledger.bounds.depth_max;
            self.error(&format!("lists and objects nest deeper than {depth_max} levels"))
        })
    }

    fn object(&mut self, levels_left: usize) -> Result<NodeKind, Unreadable> {
        let levels_left = self.deeper(levels_left)?;
        self.take(1);
        let mut map = MapBuilder::default();
        self.skip_blanks();
        if self.accept('}') {
            return Ok(map.finish());
        }
        loop {
            self.skip_blanks();
            let place = self.place;
            if self.peek() != Some('"') {
                return Err(self.error("a key in double quotes should stand here"));
            }
            self.ledger.pay(place)?;
            let text = self.string()?;
            self.skip_blanks();
            if !self.accept(':') {
                return Err(self.error("`:` should stand here"));
            }
            let value = self.value(levels_left)?;
            map.insert(Key { text, place }, value, &mut self.ledger.warnings);
            self.skip_blanks();
            if self.accept('}') {
                return Ok(map.finish());
            }
            if !self.accept(',') {
                return Err(self.error("`,` or `}` should stand here"));
            }
        }
    }

    fn list(&mut self, levels_left: usize) -> Result<NodeKind, Unreadable> {
        let levels_left = self.deeper(levels_left)?;
        self.take(1);
        let mut items = Vec::new();
        self.skip_blanks();
        if self.accept(']') {
            return Ok(NodeKind::List(items));
        }
        loop {
            items.push(self.value(levels_left)?);
            self.skip_blanks();
            if self.accept(']') {
                return Ok(NodeKind::List(items));
            }
            if !self.accept(',') {
                return Err(self.error("`,` or `]` should stand here"));
            }
        }
    }

    fn string(&mut self) -> Result<String, Unreadable> {
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, character)| {
            let closes = *character == '"' && !escaped;
            escaped = *character == '\\' && !escaped;
            closes
        });
        let Some((end, _)) = end else {
            return Err(self.error("this text has no closing quote"));
        };
        let raw = self.rest.get(..=end).unwrap_or_default();
        let text = serde_json::from_str(raw)
            .map_err(|_| self.error("this text holds a wrong escape or a raw control character"))?;
        self.take(raw.len());
        Ok(text)
    }

    fn number(&mut self) -> Result<NodeKind, Unreadable> {
        let raw = self.run_of(|character| character.is_ascii_alphanumeric() || "+-.".contains(character));
        let number: serde_json::Number =
            serde_json::from_str(raw).map_err(|_| self.error(&format!("`{raw}` is not a number")))?;
        self.take(raw.len());
        Ok(NodeKind::Number(number.to_string()))
    }

    fn word(&mut self) -> Result<NodeKind, Unreadable> {
        let raw = self.run_of(char::is_alphanumeric);
        let kind = match raw {
            "true" => NodeKind::Bool(true),
            "false" => NodeKind::Bool(false),
            "null" => NodeKind::Null,
            _ => return Err(self.error("a value should stand here")),
        };
        self.take(raw.len());
        Ok(kind)
    }

    fn run_of(&self, belongs: impl Fn(char) -> bool) -> &'text str {
        let end = self.rest.find(|character| !belongs(character));
        end.and_then(|end| self.rest.get(..end)).unwrap_or(self.rest)
    }

    fn skip_blanks(&mut self) {
        let blanks = self.run_of(|character| matches!(character, ' ' | '\t' | '\r' | '\n'));
        self.take(blanks.len());
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn accept(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.take(wanted.len_utf8());
        }
        found
    }

    fn take(&mut self, bytes: usize) {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        for character in taken.chars() {
            if character == '\n' {
                self.place.line = self.place.line.saturating_add(1);
                self.place.column = 1;
            } else {
                self.place.column = self.place.column.saturating_add(1);
            }
        }
        self.rest = rest;
    }

    fn error(&self, message: &str) -> Unreadable {
        Unreadable::new(self.place, message)
    }
}
