//! `Body` of an API in a template: an OpenAPI document as an object, with functions in it or without.

use portcullis_engines::{
    cloudformation::{Node, NodeKind},
    document::place_below,
    openapi::Document,
};
use portcullis_model::Problem;
use serde_json::{Map, Value};

use super::Properties;
use crate::{operation::AwsError, services::apigateway::records::import::Source};

/// Returns the document. A text is none: what it holds could not be seen before it is evaluated.
pub(super) fn body(properties: Properties<'_>) -> Result<Option<Source<'_>>, AwsError> {
    match properties.value("Body") {
        None => Ok(None),
        Some(body) if body.is_object() => Ok(Some(Source::Value(body))),
        Some(_) => Err(AwsError::validation(
            "Body: the document must be an object, not a text that holds one",
        )),
    }
}

/// Says what is wrong with a document before its functions are evaluated. They stand for texts; what holds one is not judged,
/// and a document in which one decides more than a text (`Fn::If`) not at all.
pub(super) fn check_body(
    node: &Node,
    logical_id: &str,
    problems_of: impl Fn(&Document) -> Vec<Problem>,
) -> Vec<Problem> {
    let Some(value) = node.as_map().and_then(|_| sketch(node)) else {
        return Vec::new();
    };
    let path = format!("Resources/{logical_id}/Properties/Body");
    let is_known = |problem: &Problem| below(node, &problem.path).is_none_or(|node| !holds_function(node));
    let placed = |problem: Problem| Problem {
        place: place_below(node, &problem.path).or(Some(node.place)),
        path: format!("{path}{}", problem.path.trim_start_matches('#')),
        ..problem
    };
    match Document::of(value, &[]) {
        Ok(document) => {
            let problems = problems_of(&document).into_iter();
            problems.filter(is_known).map(placed).collect()
        }
        Err(_)
            if node
                .member("openapi")
                .or_else(|| node.member("swagger"))
                .is_some_and(holds_function) =>
        {
            Vec::new()
        }
        Err(problem) => vec![placed(problem)],
    }
}

/// Functions whose result is a text here.
const TEXTS: [&str; 8] = [
    "Ref",
    "Fn::Sub",
    "Fn::GetAtt",
    "Fn::Join",
    "Fn::Select",
    "Fn::ImportValue",
    "Fn::Base64",
    "Fn::ToJsonString",
];

/// Returns the name of the function that `node` is.
fn function(node: &Node) -> Option<&str> {
    match node.as_map()? {
        [(key, _)] if key.text == "Ref" || key.text.starts_with("Fn::") => Some(&key.text),
        _ => None,
    }
}

fn holds_function(node: &Node) -> bool {
    let entries = node.as_map().into_iter().flatten().map(|(_, value)| value);
    let items = node.as_list().into_iter().flatten();
    function(node).is_some() || entries.chain(items).any(holds_function)
}

/// Returns the document with a word in the place of each function; none when a function may be more than a text.
fn sketch(node: &Node) -> Option<Value> {
    if let Some(name) = function(node) {
        return TEXTS.contains(&name).then(|| "function".into());
    }
    Some(match &node.kind {
        NodeKind::Null => Value::Null,
        NodeKind::Bool(on) => Value::Bool(*on),
        NodeKind::Number(text) => serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into()),
        NodeKind::String { text, .. } => text.as_str().into(),
        NodeKind::List(items) => Value::Array(items.iter().map(sketch).collect::<Option<_>>()?),
        NodeKind::Map(entries) => {
            let members = entries
                .iter()
                .map(|(key, value)| Some((key.text.clone(), sketch(value)?)));
            Value::Object(members.collect::<Option<Map<_, _>>>()?)
        }
    })
}

/// Returns what a JSON pointer leads to.
fn below<'n>(root: &'n Node, pointer: &str) -> Option<&'n Node> {
    pointer
        .strip_prefix("#/")?
        .split('/')
        .try_fold(root, |node, part| {
            let name = part.replace("~1", "/").replace("~0", "~");
            match name.parse::<usize>().ok().zip(node.as_list()) {
                Some((index, items)) => items.get(index),
                None => node.member(&name),
            }
        })
}
