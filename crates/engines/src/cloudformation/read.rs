//! Reads a text, YAML or JSON, into a tree.

use portcullis_model::{Place, Problem};

use super::json::read_json;
use super::limits::TEMPLATE_BYTES_MAX;
use super::node::Node;
use super::tree::Ledger;
use super::yaml::read_yaml;

/// Returns the tree, if the text can be read at all, and what was noticed.
pub(super) fn read_tree(text: &str) -> (Option<Node>, Vec<Problem>) {
    if text.len() > TEMPLATE_BYTES_MAX {
        let message = format!(
            "the template has {} bytes, more than {TEMPLATE_BYTES_MAX}",
            text.len()
        );
        return (None, vec![Problem::error(None, "", message)]);
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut ledger = Ledger::new();
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

/// Where a whole template stands.
pub(super) const START: Place = Place { line: 1, column: 1 };
