//! `x-amazon-apigateway-integration` of a route: in place, or by reference to one that several routes share.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-extensions-integrations.html>

use super::Planner;
use crate::openapi::{Members, Part, at::At};

/// Members of the extension and of `CreateIntegration`.
const HANDED_ON: [(&str, &str); 11] = [
    ("connectionId", "connectionId"),
    ("credentials", "credentialsArn"),
    ("description", "description"),
    ("httpMethod", "integrationMethod"),
    ("integrationSubtype", "integrationSubtype"),
    ("requestParameters", "requestParameters"),
    ("responseParameters", "responseParameters"),
    ("timeoutInMillis", "timeoutInMillis"),
    ("tlsConfig", "tlsConfig"),
    ("uri", "integrationUri"),
    ("payloadFormatVersion", "payloadFormatVersion"),
];
/// What a REST API's integration has, and a proxy does without.
const WITHOUT_EFFECT: [&str; 3] = ["cacheKeyParameters", "passthroughBehavior", "responses"];

impl<'d> Planner<'d> {
    /// Reads an integration; returns its pointer.
    pub(super) fn read_integration(&mut self, operation: &At<'d>) -> Option<String> {
        let integration = operation.member("x-amazon-apigateway-integration")?;
        let integration = self.findings.resolve(integration)?;
        let pointer = integration.pointer.clone();
        if self.integrations.contains_key(&pointer) {
            return Some(pointer);
        }
        if integration.object().is_none() {
            self.findings
                .error(&integration, "an integration must be an object");
            return None;
        }
        let mut known = vec!["type", "connectionType"];
        known.extend(HANDED_ON.iter().map(|(name, _)| *name));
        known.extend(WITHOUT_EFFECT);
        self.findings.check_members(&integration, &known);
        for name in WITHOUT_EFFECT {
            if let Some(member) = integration.member(name) {
                self.findings.warning(
                    &member,
                    format!("integrations of HTTP APIs have no `{name}`: it has no effect"),
                );
            }
        }
        let mut members = Members::new();
        for (name, member) in [("type", "integrationType"), ("connectionType", "connectionType")] {
            if let Some(word) = integration.member_text(name) {
                members.insert(member.into(), word.to_ascii_uppercase().into());
            }
        }
        for (name, member) in HANDED_ON {
            if let Some(value) = integration.member(name) {
                members.insert(member.into(), value.value.clone());
            }
        }
        if let Some(version) = integration.member_text("payloadFormatVersion") {
            members.insert("payloadFormatVersion".into(), version.into());
        }
        if let Some(method) = integration.member_text("httpMethod") {
            // A REST API's document writes the method of the catch-all so.
            let method = if method == "x-amazon-apigateway-any-method" {
                "ANY".to_owned()
            } else {
                method.to_ascii_uppercase()
            };
            members.insert("integrationMethod".into(), method.into());
        }
        let part = Part {
            pointer: pointer.clone(),
            name: String::new(),
            members,
        };
        self.integrations.insert(pointer.clone(), part);
        Some(pointer)
    }
}
