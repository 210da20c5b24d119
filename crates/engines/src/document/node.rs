//! The tree of a template's text, with the place of every key and value. YAML and JSON give the same tree, and a
//! YAML short form (`!Ref x`) is already the long one (`{"Ref": "x"}`).

use portcullis_model::Place;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub place: Place,
    pub kind: NodeKind,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    Null,
    Bool(bool),
    /// A number as written, so that `000000000000` keeps its zeros when a text is wanted.
    Number(String),
    /// A text; `plain` when YAML had it without quotes.
    String {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    /// Keys in the order of the text, each once.
    Map(Vec<(Key, Node)>),
}

/// A key and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub text: String,
    pub place: Place,
}

impl Node {
    /// Returns an empty map at `place`.
    pub fn empty_map(place: Place) -> Self {
        Self {
            place,
            kind: NodeKind::Map(Vec::new()),
        }
    }

    /// Returns a text at `place`.
    pub fn string(place: Place, text: impl Into<String>) -> Self {
        Self {
            place,
            kind: NodeKind::String {
                text: text.into(),
                plain: false,
            },
        }
    }

    /// Returns the entries, when it is a map.
    pub fn as_map(&self) -> Option<&[(Key, Node)]> {
        match &self.kind {
            NodeKind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Returns the items, when it is a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::List(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the text, when it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::String { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Returns any scalar as text: numbers as written, booleans as `true` and `false`.
    pub fn scalar_text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::String { text, .. } | NodeKind::Number(text) => Some(text),
            NodeKind::Bool(true) => Some("true"),
            NodeKind::Bool(false) => Some("false"),
            _ => None,
        }
    }

    /// Returns the value under `key`, when it is a map that has it.
    pub fn member(&self, key: &str) -> Option<&Node> {
        let (_, node) = self.as_map()?.iter().find(|(name, _)| name.text == key)?;
        Some(node)
    }

    /// Names its kind for a message: `a list`.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            NodeKind::Null => "null",
            NodeKind::Bool(_) => "a boolean",
            NodeKind::Number(_) => "a number",
            NodeKind::String { .. } => "a text",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "an object",
        }
    }
}
