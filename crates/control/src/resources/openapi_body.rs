//! `Body` of an API in a template: an OpenAPI document as an object, with functions in it or without.

use portcullis_engines::{cloudformation::Node, document::place_below, openapi::Document};
use portcullis_model::Problem;
use serde_json::Value;

use super::{Properties, literal_json};
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

/// Says what is wrong with a document, as far as no function has to be evaluated first.
pub(super) fn check_body(
    node: &Node,
    logical_id: &str,
    problems_of: impl Fn(&Document) -> Vec<Problem>,
) -> Vec<Problem> {
    let value = node
        .as_map()
        .and_then(|_| serde_json::from_str::<Value>(&literal_json(node)?).ok());
    let Some(value) = value else {
        return Vec::new();
    };
    let path = format!("Resources/{logical_id}/Properties/Body");
    let placed = |problem: Problem| Problem {
        place: place_below(node, &problem.path).or(Some(node.place)),
        path: format!("{path}{}", problem.path.trim_start_matches('#')),
        ..problem
    };
    match Document::of(value, &[]) {
        Ok(document) => problems_of(&document).into_iter().map(placed).collect(),
        Err(problem) => vec![placed(problem)],
    }
}
