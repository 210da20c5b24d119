//! The OpenAPI document of an API in a template: under `Body`, an object with functions in it or without, or in a bucket, where
//! `BodyS3Location` says; there it is read when the stack is made or the property changes, as on AWS.

use bytes::Bytes;
use portcullis_engines::{
    cloudformation::{Node, NodeKind, PropertySchema as P, Shape},
    document::place_below,
    openapi::{DOCUMENT_BYTES_MAX, Document},
};
use portcullis_model::Problem;
use serde_json::{Map, Value};

use super::Properties;
use crate::{
    operation::AwsError,
    ports::Buckets,
    services::apigateway::records::{import::Source, truststore::key_of_version},
};

/// Where a document lies in a bucket.
pub(super) const S3_LOCATION: Shape = Shape::Object(&[
    P::required("Bucket", Shape::Text),
    P::refused(
        "ETag",
        "a folder that stands for a bucket has none: name a `Version`",
    ),
    P::refused(
        "Etag",
        "a folder that stands for a bucket has none: name a `Version`",
    ),
    P::required("Key", Shape::Text),
    P::optional("Version", Shape::Text),
]);

/// A document, wherever it came from.
pub(super) enum Body<'a> {
    Written(&'a Value),
    Read(Bytes),
}

impl Body<'_> {
    /// Returns what imports take.
    pub(super) fn source(&self) -> Source<'_> {
        match self {
            Self::Written(value) => Source::Value(value),
            Self::Read(bytes) => Source::Text(bytes),
        }
    }
}

/// Returns the document. A text under `Body` is none: what it holds could not be seen before it is evaluated.
pub(super) fn body<'a>(
    properties: Properties<'a>,
    buckets: &dyn Buckets,
) -> Result<Option<Body<'a>>, AwsError> {
    match (properties.value("Body"), properties.object("BodyS3Location")) {
        (None, None) => Ok(None),
        (None, Some(location)) => read(location, buckets).map(Body::Read).map(Some),
        (Some(_), Some(_)) => Err(AwsError::validation(
            "BodyS3Location: there is a `Body` too, and an API has one document",
        )),
        (Some(body), None) if body.is_object() => Ok(Some(Body::Written(body))),
        (Some(_), None) => Err(AwsError::validation(
            "Body: the document must be an object, not a text that holds one",
        )),
    }
}

fn read(location: Properties<'_>, buckets: &dyn Buckets) -> Result<Bytes, AwsError> {
    let (bucket, key) = (location.text_or_empty("Bucket"), location.text_or_empty("Key"));
    key_of_version(key, location.text("Version"))
        .and_then(|key| buckets.read(bucket, &key, DOCUMENT_BYTES_MAX))
        .map_err(|cause| AwsError::validation(format!("BodyS3Location: {cause}")))
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
