//! The names of all headers in the order of the wire, joined by colons: `host:user-agent:accept`.

use std::borrow::Cow;

use serde_json::Value;

use crate::{
    fields::{Extracted, Field, FieldDefinition, Oversize, Piece},
    limits::{HEADER_BYTES_INSPECTED_MAX, HEADERS_INSPECTED_MAX},
    reader::{Fields, Problems},
    request::RequestView,
};

pub(crate) const DEFINITION: FieldDefinition = FieldDefinition {
    name: "HeaderOrder",
    compile,
};

struct HeaderOrder {
    oversize: Oversize,
}

fn compile(value: &Value, path: String, problems: &Problems) -> Option<Box<dyn Field>> {
    let fields = Fields::of(value, path, &["OversizeHandling"], problems)?;
    Some(Box::new(HeaderOrder {
        oversize: Oversize::read(&fields)?,
    }))
}

impl Field for HeaderOrder {
    fn location(&self) -> &'static str {
        "HEADER_ORDER"
    }

    fn extract<'a>(&'a self, request: &RequestView<'a>, _body_bytes: usize, extracted: &mut Extracted<'a>) {
        let mut order = Vec::new();
        let mut bytes = 0;
        for (count, (name, value)) in request.headers.iter().enumerate() {
            bytes += name.len() + value.len();
            if count >= HEADERS_INSPECTED_MAX || bytes > HEADER_BYTES_INSPECTED_MAX {
                extracted.decided = self.oversize.outcome();
                break;
            }
            if count > 0 {
                order.push(b':');
            }
            order.extend(name.iter().map(u8::to_ascii_lowercase));
        }
        extracted.pieces.push(Piece {
            name: None,
            bytes: Cow::Owned(order),
        });
    }
}
