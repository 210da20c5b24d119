//! The values of one query argument; its name is compared without case, as AWS does.

use serde_json::Value;

use crate::{
    fields::{Extracted, Field, FieldDefinition, query_arguments},
    reader::{Fields, Problems},
    request::RequestView,
};

pub(crate) const DEFINITION: FieldDefinition = FieldDefinition {
    name: "SingleQueryArgument",
    compile,
};

struct SingleQueryArgument {
    name: String,
}

fn compile(value: &Value, path: String, problems: &Problems) -> Option<Box<dyn Field>> {
    let fields = Fields::of(value, path, &["Name"], problems)?;
    let name = fields.text("Name")?;
    if name.is_empty() || name.len() > 64 {
        fields.refuse("Name", "must have from 1 to 64 characters");
        return None;
    }
    Some(Box::new(SingleQueryArgument {
        name: name.to_owned(),
    }))
}

impl Field for SingleQueryArgument {
    fn location(&self) -> &'static str {
        "SINGLE_QUERY_ARG"
    }

    fn extract<'a>(&'a self, request: &RequestView<'a>, _body_bytes: usize, extracted: &mut Extracted<'a>) {
        for (name, value) in query_arguments(request.query) {
            if is_named(name, self.name.as_bytes()) {
                extracted.push_named(name, value);
            }
        }
    }
}

/// Tells whether a raw name is `wanted` once decoded, so that `%69d` does not hide `id`.
fn is_named(raw: &[u8], wanted: &[u8]) -> bool {
    raw.eq_ignore_ascii_case(wanted)
        || raw.contains(&b'%') && crate::transformations::url_decode::apply(raw).eq_ignore_ascii_case(wanted)
}
