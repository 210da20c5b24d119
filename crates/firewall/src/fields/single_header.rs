//! The values of one header, each by itself.

use serde_json::Value;

use crate::{
    fields::{Extracted, Field, FieldDefinition},
    reader::{Fields, Problems},
    request::RequestView,
};

pub(crate) const DEFINITION: FieldDefinition = FieldDefinition {
    name: "SingleHeader",
    compile,
};

struct SingleHeader {
    name: String,
}

fn compile(value: &Value, path: String, problems: &Problems) -> Option<Box<dyn Field>> {
    let fields = Fields::of(value, path, &["Name"], problems)?;
    let name = fields.text("Name")?;
    if name.is_empty() || name.len() > 64 {
        fields.refuse("Name", "must have from 1 to 64 characters");
        return None;
    }
    Some(Box::new(SingleHeader {
        name: name.to_ascii_lowercase(),
    }))
}

impl Field for SingleHeader {
    fn location(&self) -> &'static str {
        "HEADER"
    }

    fn extract<'a>(&'a self, request: &RequestView<'a>, _body_bytes: usize, extracted: &mut Extracted<'a>) {
        for value in request.headers.all(&self.name) {
            extracted.push_named(self.name.as_bytes(), value);
        }
    }
}
