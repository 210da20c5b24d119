//! Several headers at once: names, values or both, up to AWS's limits of count and bytes.

use serde_json::Value;

use crate::{
    fields::{Extracted, Field, FieldDefinition, NamedValues},
    limits::{HEADER_BYTES_INSPECTED_MAX, HEADERS_INSPECTED_MAX},
    reader::Problems,
    request::RequestView,
};

pub(crate) const DEFINITION: FieldDefinition = FieldDefinition {
    name: "Headers",
    compile,
};

struct Headers(NamedValues);

fn compile(value: &Value, path: String, problems: &Problems) -> Option<Box<dyn Field>> {
    let values = NamedValues::read(value, path, "IncludedHeaders", "ExcludedHeaders", problems)?;
    Some(Box::new(Headers(values)))
}

impl Field for Headers {
    fn location(&self) -> &'static str {
        "HEADERS"
    }

    fn extract<'a>(&'a self, request: &RequestView<'a>, _body_bytes: usize, extracted: &mut Extracted<'a>) {
        let mut bytes = 0;
        for (count, (name, value)) in request.headers.iter().enumerate() {
            bytes += name.len() + value.len();
            if count >= HEADERS_INSPECTED_MAX || bytes > HEADER_BYTES_INSPECTED_MAX {
                extracted.decided = self.0.oversize.outcome();
                return;
            }
            self.0.add(name, value, extracted);
        }
    }
}
