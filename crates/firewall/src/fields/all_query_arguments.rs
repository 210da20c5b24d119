//! The value of every query argument.

use serde_json::Value;

use crate::{
    fields::{Extracted, Field, FieldDefinition, query_arguments, without_settings},
    reader::Problems,
    request::RequestView,
};

pub(crate) const DEFINITION: FieldDefinition = FieldDefinition {
    name: "AllQueryArguments",
    compile,
};

struct AllQueryArguments;

fn compile(value: &Value, path: String, problems: &Problems) -> Option<Box<dyn Field>> {
    without_settings(value, path, problems)?;
    Some(Box::new(AllQueryArguments))
}

impl Field for AllQueryArguments {
    fn location(&self) -> &'static str {
        "ALL_QUERY_ARGS"
    }

    fn extract<'a>(&'a self, request: &RequestView<'a>, _body_bytes: usize, extracted: &mut Extracted<'a>) {
        for (name, value) in query_arguments(request.query) {
            extracted.push_named(name, value);
        }
    }

    fn capacity(&self, units: u32) -> u32 {
        units.saturating_add(10)
    }
}
