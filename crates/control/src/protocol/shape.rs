//! What an input or output looks like, as data: structures, lists, maps, scalars, and where each member is on the wire.
//!
//! Values are JSON whatever the protocol: a blob is base64 text, a timestamp seconds since the epoch, `NaN` and the
//! infinities are text. [`Shape::Any`] stands for plain JSON, which most operations need no description for.
//! <https://smithy.io/2.0/spec/http-bindings.html>, <https://smithy.io/2.0/spec/protocol-traits.html>

use std::sync::{Arc, OnceLock};

/// What a value looks like.
#[derive(Clone, Debug, Default)]
pub enum Shape {
    /// Not described: JSON as it comes; in a form, text, with `member.1` and the like read as lists.
    #[default]
    Any,
    Text,
    /// JSON in a text; base64 in a header.
    JsonText,
    Integer,
    Float,
    Boolean,
    Blob,
    /// None: the format that the place on the wire asks for.
    Timestamp(Option<TimestampFormat>),
    List(Arc<List>),
    Map(Arc<Map>),
    Structure(Arc<Structure>),
    /// A shape with a name, which may contain itself.
    Named(Arc<OnceLock<Shape>>),
}

impl Shape {
    /// Returns the shape behind names.
    pub fn resolved(&self) -> &Self {
        let mut shape = self;
        while let Self::Named(named) = shape {
            match named.get() {
                Some(inner) => shape = inner,
                None => return &Self::Any,
            }
        }
        shape
    }

    /// Returns the structure, when it is one.
    pub fn structure(&self) -> Option<&Structure> {
        match self.resolved() {
            Self::Structure(structure) => Some(structure),
            _ => None,
        }
    }
}

/// How a moment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampFormat {
    /// `2014-04-29T18:30:38Z`
    Iso8601,
    /// `Tue, 29 Apr 2014 18:30:38 GMT`
    Rfc822,
    /// `1398796238`
    UnixSeconds,
}

/// Members in the order of the model.
#[derive(Clone, Debug, Default)]
pub struct Structure {
    pub members: Vec<Member>,
    /// The member that is the whole body.
    pub payload: Option<String>,
    /// Members of a JSON body that are not described here are kept as they come.
    pub open: bool,
}

/// A list.
#[derive(Clone, Debug)]
pub struct List {
    pub member: Member,
}

/// A map from text.
#[derive(Clone, Debug)]
pub struct Map {
    pub key: Member,
    pub value: Member,
}

/// A member of a structure, list or map.
#[derive(Clone, Debug, Default)]
pub struct Member {
    /// In our values. Empty in lists and maps.
    pub name: String,
    /// On the wire, when it is another name.
    pub wire_name: Option<String>,
    pub location: Location,
    pub shape: Shape,
    /// A list or map without a wrapper (Query).
    pub flattened: bool,
    /// The namespace of its element (XML).
    pub namespace: Option<Namespace>,
}

/// A namespace that an element declares (XML).
#[derive(Clone, Debug)]
pub struct Namespace {
    /// None: the default namespace.
    pub prefix: Option<String>,
    pub uri: String,
}

impl Member {
    /// Returns a member of a structure.
    pub fn new(name: impl Into<String>, location: Location, shape: Shape) -> Self {
        Self {
            name: name.into(),
            location,
            shape,
            ..Self::default()
        }
    }

    /// Returns its name on the wire.
    pub fn wire_name(&self) -> &str {
        self.wire_name.as_deref().unwrap_or(&self.name)
    }

    /// Returns its name on the wire, or `otherwise` where it has none, as in lists and maps.
    pub fn wire_name_or<'a>(&'a self, otherwise: &'a str) -> &'a str {
        self.wire_name.as_deref().unwrap_or(otherwise)
    }
}

/// Where a member is on the wire of REST-JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Location {
    #[default]
    Body,
    /// A label of the path.
    Uri,
    /// One parameter of the query; a map takes them all.
    Query,
    Header,
    /// Every header with a prefix.
    Headers,
    StatusCode,
}
