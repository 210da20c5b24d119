//! What a path holds: its methods, which both kinds of API read alike.
//! <https://spec.openapis.org/oas/v3.0.3#path-item-object>

use super::{at::At, findings::Findings};

/// The members of a path that are methods, and the methods.
const METHODS: [(&str, &str); 8] = [
    ("get", "GET"),
    ("put", "PUT"),
    ("post", "POST"),
    ("delete", "DELETE"),
    ("options", "OPTIONS"),
    ("head", "HEAD"),
    ("patch", "PATCH"),
    ("x-amazon-apigateway-any-method", "ANY"),
];

/// Returns the methods of a path with their operations, and notes what is none.
pub(super) fn methods<'d>(item: &At<'d>, findings: &mut Findings<'d>) -> Vec<(&'static str, At<'d>)> {
    findings.check_extensions(item, &["any-method"]);
    if let Some(reference) = item.member("$ref") {
        findings.error(
            &reference,
            "a path by reference is not supported: write it out here",
        );
    }
    let mut methods = Vec::new();
    for (name, operation) in item.members() {
        match METHODS.iter().find(|(member, _)| *member == name) {
            Some((_, method)) => methods.push((*method, operation)),
            None if name == "trace" => {
                findings.warning(&operation, "API Gateway has no method `TRACE`: it is left out");
            }
            None if matches!(
                name,
                "parameters" | "summary" | "description" | "servers" | "$ref"
            ) => {}
            None if name.starts_with("x-") => {}
            None => findings.error(&operation, format!("`{name}` is no method")),
        }
    }
    methods
}
