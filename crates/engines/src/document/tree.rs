//! Puts a tree together for the readers of YAML and JSON: the last of two equal keys wins, and size is bounded.

use std::collections::HashMap;

use portcullis_model::{Place, Problem};

use super::Bounds;
use super::node::{Key, Node, NodeKind};

/// A text that cannot be read further.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub place: Place,
    pub message: String,
}

impl Unreadable {
    pub(super) fn new(place: Place, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { place, message }
    }
}

impl From<Unreadable> for Problem {
    fn from(cause: Unreadable) -> Self {
        Problem::error(Some(cause.place), "", cause.message)
    }
}

/// What a reader may still spend, and what it noticed on the way.
#[derive(Debug)]
pub(super) struct Ledger {
    pub bounds: Bounds,
    nodes_left: usize,
    alias_bytes_left: usize,
    pub warnings: Vec<Problem>,
}

impl Ledger {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            nodes_left: bounds.nodes_max,
            alias_bytes_left: bounds.alias_bytes_max,
            warnings: Vec::new(),
        }
    }

    /// Pays for one value or key.
    pub(super) fn pay(&mut self, place: Place) -> Result<(), Unreadable> {
        let left = self.nodes_left.checked_sub(1);
        self.nodes_left = left.ok_or_else(|| {
            let Bounds { noun, nodes_max, .. } = self.bounds;
            Unreadable::new(place, format!("the {noun} has more than {nodes_max} values"))
        })?;
        Ok(())
    }

    /// Pays for a copy of `node`.
    pub(super) fn pay_copy(&mut self, node: &Node, place: Place) -> Result<(), Unreadable> {
        self.pay(place)?;
        let bytes = match &node.kind {
            NodeKind::String { text, .. } | NodeKind::Number(text) => text.len(),
            NodeKind::Map(entries) => entries.iter().map(|(key, _)| key.text.len()).sum(),
            _ => 0,
        };
        let left = self.alias_bytes_left.checked_sub(bytes);
        self.alias_bytes_left = left.ok_or_else(|| {
            let bytes_max = self.bounds.alias_bytes_max;
            Unreadable::new(place, format!("aliases repeat more than {bytes_max} bytes"))
        })?;
        match &node.kind {
            NodeKind::List(items) => items.iter().try_for_each(|item| self.pay_copy(item, place)),
            NodeKind::Map(entries) => entries
                .iter()
                .try_for_each(|(_, value)| self.pay_copy(value, place)),
            _ => Ok(()),
        }
    }
}

/// An object while it is read.
#[derive(Debug, Default)]
pub(super) struct MapBuilder {
    entries: Vec<(Key, Node)>,
    positions: HashMap<String, usize>,
}

impl MapBuilder {
    /// Adds an entry; an earlier one with the same key is replaced, as CloudFormation does, and a warning says so.
    pub(super) fn insert(&mut self, key: Key, value: Node, warnings: &mut Vec<Problem>) {
        let earlier = self.positions.get(&key.text).copied();
        if let Some(entry) = earlier.and_then(|position| self.entries.get_mut(position)) {
            let line = entry.0.place.line;
            warnings.push(Problem::warning(
                Some(key.place),
                key.text.clone(),
                format!("this key is also at line {line}; the last one wins"),
            ));
            *entry = (key, value);
            return;
        }
        self.positions.insert(key.text.clone(), self.entries.len());
        self.entries.push((key, value));
    }

    pub(super) fn finish(self) -> NodeKind {
        NodeKind::Map(self.entries)
    }
}

/// Counts the levels of lists and objects in `node`.
pub(super) fn depth(node: &Node) -> usize {
    match &node.kind {
        NodeKind::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        NodeKind::Map(entries) => 1 + entries.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        _ => 0,
    }
}
