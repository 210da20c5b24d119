//! The path, as it came: nothing decoded, dots not resolved.

use serde_json::Value;

use crate::{
    fields::{Extracted, Field, FieldDefinition, without_settings},
    reader::Problems,
    request::RequestView,
};

pub(crate) const DEFINITION: FieldDefinition = FieldDefinition {
    name: "UriPath",
    compile,
};

struct UriPath;

fn compile(value: &Value, path: String, problems: &Problems) -> Option<Box<dyn Field>> {
    without_settings(value, path, problems)?;
    Some(Box::new(UriPath))
}

impl Field for UriPath {
    fn location(&self) -> &'static str {
        "URI"
    }

    fn extract<'a>(&'a self, request: &RequestView<'a>, _body_bytes: usize, extracted: &mut Extracted<'a>) {
        extracted.push(request.path.as_bytes());
    }
}
