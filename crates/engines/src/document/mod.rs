//! Reads a text, YAML or JSON, into a tree that knows the place of every value: templates of CloudFormation, documents of
//! OpenAPI. Why the readers are our own: `docs/adr/0009`.

mod json;
mod node;
mod tree;
mod yaml;

pub use node::{Key, Node, NodeKind};

use portcullis_model::{Place, Problem};

use json::read_json;
use tree::Ledger;
use yaml::read_yaml;

/// How much of a text is read, and what it is called in messages.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// `template`
    pub noun: &'static str,
    /// Bytes of the text.
    pub bytes_max: usize,
    /// Levels of lists and objects, each short form counted as one.
    pub depth_max: usize,
    /// Values and keys, those that aliases repeat included.
    pub nodes_max: usize,
    /// Bytes of keys and texts that aliases repeat.
    pub alias_bytes_max: usize,
    /// Whether CloudFormation's `!Ref x` and the like are read.
    pub short_forms: bool,
}

/// Returns the tree, if the text can be read at all, and what was noticed.
pub fn read(text: &str, bounds: &Bounds) -> (Option<Node>, Vec<Problem>) {
    if text.len() > bounds.bytes_max {
        let message = format!(
            "the {} has {} bytes, more than {}",
            bounds.noun,
            text.len(),
            bounds.bytes_max
        );
        return (None, vec![Problem::error(None, "", message)]);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut ledger = Ledger::new(*bounds);
    let root = if looks_like_json(text) {
        read_json(text, &mut ledger)
    } else {
        read_yaml(text, &mut ledger)
    };
    let mut problems = ledger.warnings;
    match root {
        Ok(root) => (Some(root), problems),
        Err(cause) => {
            problems.push(cause.into());
            (None, problems)
        }
    }
}

/// Tells JSON from YAML. A quoted key or nothing after the first brace is JSON, whose mistakes are then JSON's;
/// `{Resources: …}` is YAML in one line.
fn looks_like_json(text: &str) -> bool {
    let inside = text.trim_start().strip_prefix('{').map(str::trim_start);
    inside.is_some_and(|inside| inside.starts_with(['"', '}']))
}

/// Returns where the value stands that a JSON pointer (`#/paths/~1pets`) leads to from `root`, or what is nearest above it.
pub fn place_below(root: &Node, pointer: &str) -> Option<Place> {
    let (mut node, mut place) = (root, root.place);
    for part in pointer.strip_prefix("#/")?.split('/') {
        let name = part.replace("~1", "/").replace("~0", "~");
        let below = match &node.kind {
            NodeKind::Map(entries) => entries
                .iter()
                .find(|(key, _)| key.text == name)
                .map(|(key, node)| (key.place, node)),
            NodeKind::List(items) => name
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get(index))
                .map(|node| (node.place, node)),
            _ => None,
        };
        let Some((next_place, next)) = below else { break };
        (place, node) = (next_place, next);
    }
    Some(place)
}

/// Where a whole text stands.
pub const START: Place = Place { line: 1, column: 1 };
