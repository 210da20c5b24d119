//! The text of a document: JSON or YAML, with the place of every value, and the variables that AWS fills in.

use portcullis_model::{Place, Problem};
use serde_json::{Map, Number, Value};

use super::at::{At, unescape};
use crate::document::{Bounds, Node, NodeKind, place_below, read};

/// Bytes of a document, as AWS: 6 MB.
pub const DOCUMENT_BYTES_MAX: usize = 6 << 20;
/// Levels of lists and objects.
pub const DEPTH_MAX: usize = 64;
/// Values and keys, those that aliases repeat included.
pub const NODES_MAX: usize = 200_000;

const BOUNDS: Bounds = Bounds {
    noun: "document",
    bytes_max: DOCUMENT_BYTES_MAX,
    depth_max: DEPTH_MAX,
    nodes_max: NODES_MAX,
    alias_bytes_max: 1 << 20,
    short_forms: false,
};

/// Which specification a document follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Swagger2,
    OpenApi3,
}

/// A document that was read.
#[derive(Clone, Debug)]
pub struct Document {
    pub version: Version,
    value: Value,
    /// Where its values stand, when it was a text.
    node: Option<Node>,
}

impl Document {
    /// Reads a text.
    pub fn parse(text: &str, variables: &[(&str, &str)]) -> Result<(Self, Vec<Problem>), Vec<Problem>> {
        let (node, mut problems) = read(text, &BOUNDS);
        let Some(node) = node.filter(|_| !problems.iter().any(Problem::is_error)) else {
            return Err(problems);
        };
        match Self::build(as_json(&node), Some(node), variables) {
            Ok(document) => Ok((document, problems)),
            Err(problem) => {
                problems.push(problem);
                Err(problems)
            }
        }
    }

    /// Takes a document that is no text any more.
    pub fn of(value: Value, variables: &[(&str, &str)]) -> Result<Self, Problem> {
        if depth(&value) > DEPTH_MAX {
            let message = format!("lists and objects nest deeper than {DEPTH_MAX} levels");
            return Err(Problem::error(None, "#", message));
        }
        Self::build(value, None, variables)
    }

    fn build(mut value: Value, node: Option<Node>, variables: &[(&str, &str)]) -> Result<Self, Problem> {
        fill_in(&mut value, variables);
        let place = node.as_ref().map(|node| node.place);
        let named = |name: &str| value.get(name).and_then(|version| At::root(version).text());
        let version = match (named("swagger"), named("openapi")) {
            (Some(version), None) if version.starts_with("2.") || version == "2" => Version::Swagger2,
            (None, Some(version)) if version.starts_with("3.0") || version == "3.0" || version == "3" => {
                Version::OpenApi3
            }
            (_, Some(other)) | (Some(other), None) => {
                return Err(Problem::error(
                    place,
                    "#",
                    format!("`{other}` is not supported: use Swagger 2.0 or OpenAPI 3.0"),
                ));
            }
            (None, None) => {
                return Err(Problem::error(
                    place,
                    "#",
                    "this is no OpenAPI document: neither `swagger` nor `openapi` says which version it has",
                ));
            }
        };
        Ok(Self { version, value, node })
    }

    /// Returns the root.
    pub(super) fn root(&self) -> At<'_> {
        At::root(&self.value)
    }

    /// Returns what `pointer` (`#/components/schemas/Pet`) leads to.
    pub(super) fn at(&self, pointer: &str) -> Option<At<'_>> {
        let way = pointer.strip_prefix("#/")?;
        let parts: Vec<String> = way.split('/').map(unescape).collect();
        let names: Vec<&str> = parts.iter().map(String::as_str).collect();
        self.root().reach(&names)
    }

    /// Returns where in the text `pointer` leads to.
    pub fn place(&self, pointer: &str) -> Option<Place> {
        let root = self.node.as_ref()?;
        Some(place_below(root, pointer).unwrap_or(root.place))
    }
}

fn as_json(node: &Node) -> Value {
    match &node.kind {
        NodeKind::Null => Value::Null,
        NodeKind::Bool(on) => Value::Bool(*on),
        // What YAML takes for a number and JSON does not (`+1`, `010`) stays as it was written.
        NodeKind::Number(text) => {
            serde_json::from_str::<Number>(text).map_or_else(|_| Value::String(text.clone()), Value::Number)
        }
        NodeKind::String { text, .. } => Value::String(text.clone()),
        NodeKind::List(items) => items.iter().map(as_json).collect(),
        NodeKind::Map(entries) => {
            let entries = entries
                .iter()
                .map(|(key, node)| (key.text.clone(), as_json(node)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
    }
}

/// Writes `${AWS::Region}` and the like out.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/import-api-aws-variables.html>
fn fill_in(value: &mut Value, variables: &[(&str, &str)]) {
    match value {
        Value::String(text) => {
            for (name, meaning) in variables {
                let written = format!("${{{name}}}");
                if text.contains(&written) {
                    *text = text.replace(&written, meaning);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill_in(item, variables)),
        Value::Object(members) => members.values_mut().for_each(|item| fill_in(item, variables)),
        _ => {}
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
