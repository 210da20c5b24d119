//! Several cookies at once: names, values or both, up to AWS's limits of count and bytes.

use serde_json::Value;

use crate::{
    fields::{Extracted, Field, FieldDefinition, NamedValues},
    limits::{HEADER_BYTES_INSPECTED_MAX, HEADERS_INSPECTED_MAX},
    reader::Problems,
    request::RequestView,
};

pub(crate) const DEFINITION: FieldDefinition = FieldDefinition {
    name: "Cookies",
    compile,
};

struct Cookies(NamedValues);

fn compile(value: &Value, path: String, problems: &Problems) -> Option<Box<dyn Field>> {
    let values = NamedValues::read(value, path, "IncludedCookies", "ExcludedCookies", problems)?;
    Some(Box::new(Cookies(values)))
}

impl Field for Cookies {
    fn location(&self) -> &'static str {
        "COOKIES"
    }

    fn extract<'a>(&'a self, request: &RequestView<'a>, _body_bytes: usize, extracted: &mut Extracted<'a>) {
        let (mut count, mut bytes) = (0, 0);
        for (name, value) in request.headers.all("cookie").flat_map(cookies) {
            (count, bytes) = (count + 1, bytes + name.len() + value.len());
            if count > HEADERS_INSPECTED_MAX || bytes > HEADER_BYTES_INSPECTED_MAX {
                extracted.decided = self.0.oversize.outcome();
                return;
            }
            self.0.add(name, value, extracted);
        }
    }
}

/// Splits a `Cookie` header (RFC 6265 section 4.2.1).
pub(crate) fn cookies(header: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    header
        .split(|byte| *byte == b';')
        .map(<[u8]>::trim_ascii)
        .filter(|cookie| !cookie.is_empty())
        .map(
            |cookie| match memchr::memchr(b'=', cookie).and_then(|at| cookie.split_at_checked(at)) {
                Some((name, value)) => (name, value.get(1..).unwrap_or_default()),
                None => (cookie, &b""[..]),
            },
        )
}
