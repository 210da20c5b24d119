//! The HTTP method.

use serde_json::Value;

use crate::{
    fields::{Extracted, Field, FieldDefinition, without_settings},
    reader::Problems,
    request::RequestView,
};

pub(crate) const DEFINITION: FieldDefinition = FieldDefinition {
    name: "Method",
    compile,
};

struct Method;

fn compile(value: &Value, path: String, problems: &Problems) -> Option<Box<dyn Field>> {
    without_settings(value, path, problems)?;
    Some(Box::new(Method))
}

impl Field for Method {
    fn location(&self) -> &'static str {
        "METHOD"
    }

    fn extract<'a>(&'a self, request: &RequestView<'a>, _body_bytes: usize, extracted: &mut Extracted<'a>) {
        extracted.push(request.method.as_bytes());
    }
}
