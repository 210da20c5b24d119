//! Schemas for tests; the real tables stand beside the resources.

use super::super::{PropertySchema as Property, ResourceSchema, Shape};

const RULE: &[Property] = &[
    Property::required("Name", Shape::Text),
    Property::optional(
        "Priority",
        Shape::Integer {
            minimum: 0,
            maximum: 100,
        },
    ),
    Property::optional("Kind", Shape::Text).replaces(),
];

pub(super) static GATE: ResourceSchema = ResourceSchema {
    type_name: "Test::Gate",
    properties: &[
        Property::required(
            "Name",
            Shape::TextLength {
                minimum: 1,
                maximum: 16,
            },
        )
        .replaces(),
        Property::optional("Mode", Shape::OneOf(&["OPEN", "CLOSED"])),
        Property::optional("Enabled", Shape::Boolean),
        Property::optional("Status", Shape::Text),
        Property::optional("Weight", Shape::Number),
        Property::optional(
            "Timeout",
            Shape::Integer {
                minimum: 50,
                maximum: 29_000,
            },
        ),
        Property::optional("Scopes", Shape::List(&Shape::Text)),
        Property::optional("Headers", Shape::MapOf(&Shape::Boolean)),
        Property::optional("Document", Shape::Json),
        Property::optional("Rule", Shape::Object(RULE)),
        Property::optional("Rules", Shape::List(&Shape::Object(RULE))),
        Property::optional(
            "Path",
            Shape::Pattern {
                expression: "/[a-z]*",
                says: "a path in small letters",
            },
        ),
        Property::optional("Tags", Shape::Tags),
        Property::optional("Tracing", Shape::Boolean).inert("nothing is traced"),
        Property::refused("Canary", "there are no canaries yet"),
    ],
    attributes: &["Arn", "Endpoint.Address"],
};

pub(super) fn schema_of(type_name: &str) -> Option<&'static ResourceSchema> {
    (type_name == "Test::Gate").then_some(&GATE)
}
