//! Documents in a template, before it is evaluated.

use portcullis_engines::cloudformation::{Node, NodeKind};
use serde_json::Value;

/// Returns a document of a template as JSON; none when a function or a reference in it has yet to be evaluated.
pub(super) fn literal_json(node: &Node) -> Option<String> {
    fn value(node: &Node) -> Option<Value> {
        Some(match &node.kind {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(is) => Value::Bool(*is),
            NodeKind::Number(text) => serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into()),
            NodeKind::String { text, .. } => text.as_str().into(),
            NodeKind::List(items) => Value::Array(items.iter().map(value).collect::<Option<_>>()?),
            NodeKind::Map(entries) => {
                let is_function = |name: &str| name == "Ref" || name.starts_with("Fn::");
                if entries.iter().any(|(key, _)| is_function(&key.text)) {
                    return None;
                }
                let members = entries
                    .iter()
                    .map(|(key, node)| Some((key.text.clone(), value(node)?)));
                Value::Object(members.collect::<Option<_>>()?)
            }
        })
    }
    match node.as_text() {
        Some(text) => Some(text.to_owned()),
        None => value(node).map(|document| document.to_string()),
    }
}
