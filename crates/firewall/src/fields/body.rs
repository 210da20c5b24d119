//! The beginning of the body, as it came.
//!
//! How much: 16 KB, or what the web ACL's `AssociationConfig` says; the largest of its resource types counts for all
//! of them, because a web ACL is compiled once.

use serde_json::Value;

use crate::{
    fields::{Extracted, Field, FieldDefinition, Oversize, Shape},
    limits::BODY_BYTES_DEFAULT,
    reader::{Fields, Problems},
    request::RequestView,
};

pub(crate) const DEFINITION: FieldDefinition = FieldDefinition {
    name: "Body",
    compile,
};

const RESOURCE_TYPES: &[&str] = &[
    "CLOUDFRONT",
    "API_GATEWAY",
    "COGNITO_USER_POOL",
    "APP_RUNNER_SERVICE",
    "VERIFIED_ACCESS_INSTANCE",
];

struct Body {
    oversize: Oversize,
}

fn compile(value: &Value, path: String, problems: &Problems) -> Option<Box<dyn Field>> {
    let fields = Fields::of(value, path, &["OversizeHandling"], problems)?;
    Some(Box::new(Body {
        oversize: oversize_or_continue(&fields)?,
    }))
}

/// Reads `OversizeHandling`, which AWS takes as `CONTINUE` where a body has none.
pub(super) fn oversize_or_continue(fields: &Fields<'_>) -> Option<Oversize> {
    if fields.has("OversizeHandling") {
        Oversize::read(fields)
    } else {
        Some(Oversize::Continue)
    }
}

/// Returns the inspected part of a body; none when the oversize handling has answered.
pub(super) fn inspected<'a>(
    request: &RequestView<'a>,
    body_bytes: usize,
    oversize: Oversize,
    extracted: &mut Extracted<'a>,
) -> Option<&'a [u8]> {
    let body = request.body;
    if body.has_more || body.prefix.len() > body_bytes {
        extracted.decided = oversize.outcome();
    }
    extracted
        .decided
        .is_none()
        .then(|| body.prefix.get(..body_bytes).unwrap_or(body.prefix))
}

impl Field for Body {
    fn location(&self) -> &'static str {
        "BODY"
    }

    fn extract<'a>(&'a self, request: &RequestView<'a>, body_bytes: usize, extracted: &mut Extracted<'a>) {
        if let Some(bytes) = inspected(request, body_bytes, self.oversize, extracted) {
            extracted.push(bytes);
        }
    }

    fn needs_body(&self) -> bool {
        true
    }

    fn shape(&self) -> Shape {
        Shape::Body
    }
}

/// Reads how many bytes of a body are inspected from `AssociationConfig`.
pub(crate) fn inspected_bytes(association: Option<&Value>, problems: &Problems) -> usize {
    association
        .and_then(|value| {
            let association = Fields::of(value, "AssociationConfig", &["RequestBody"], problems)?;
            let types = association.optional_object("RequestBody", RESOURCE_TYPES)?;
            RESOURCE_TYPES
                .iter()
                .filter_map(|name| types.optional_object(name, &["DefaultSizeInspectionLimit"]))
                .filter_map(|settings| {
                    settings.one_of(
                        "DefaultSizeInspectionLimit",
                        &["KB_16", "KB_32", "KB_48", "KB_64"],
                    )
                })
                .filter_map(|limit| limit.strip_prefix("KB_")?.parse::<usize>().ok())
                .max()
        })
        .map_or(BODY_BYTES_DEFAULT, |kilobytes| kilobytes * 1024)
}
