//! Everything after the question mark, as it came.

use serde_json::Value;

use crate::{
    fields::{Extracted, Field, FieldDefinition, Shape, without_settings},
    reader::Problems,
    request::RequestView,
};

pub(crate) const DEFINITION: FieldDefinition = FieldDefinition {
    name: "QueryString",
    compile,
};

struct QueryString;

fn compile(value: &Value, path: String, problems: &Problems) -> Option<Box<dyn Field>> {
    without_settings(value, path, problems)?;
    Some(Box::new(QueryString))
}

impl Field for QueryString {
    fn location(&self) -> &'static str {
        "QUERY_STRING"
    }

    fn extract<'a>(&'a self, request: &RequestView<'a>, _body_bytes: usize, extracted: &mut Extracted<'a>) {
        extracted.push(request.query.as_bytes());
    }

    fn shape(&self) -> Shape {
        Shape::Query
    }
}
