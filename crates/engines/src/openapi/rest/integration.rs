//! `x-amazon-apigateway-integration`:
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html>
//!
//! Members that `PutIntegration` has are handed on, whether this program acts on them or not: it is the operation that refuses.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Planner;
use crate::openapi::{Members, Part, at::At};

/// Members that are written in small letters in documents and in capitals by the operation.
const WORDS: [(&str, &str); 5] = [
    ("type", "type"),
    ("passthroughBehavior", "passthroughBehavior"),
    ("contentHandling", "contentHandling"),
    ("connectionType", "connectionType"),
    ("responseTransferMode", "responseTransferMode"),
];
/// Members that are handed on as they are.
const HANDED_ON: [&str; 8] = [
    "cacheKeyParameters",
    "cacheNamespace",
    "connectionId",
    "credentials",
    "integrationTarget",
    "timeoutInMillis",
    "tlsConfig",
    "uri",
];
/// Members that are read in another way.
const OTHERS: [&str; 5] = [
    "httpMethod",
    "payloadFormatVersion",
    "requestParameters",
    "requestTemplates",
    "responses",
];

impl<'d> Planner<'d> {
    pub(super) fn read_integration(&mut self, operation: &At<'d>) -> (Option<Part>, Vec<Part>) {
        let Some(integration) = operation.member("x-amazon-apigateway-integration") else {
            return (None, Vec::new());
        };
        let Some(integration) = self.findings.resolve(integration) else {
            return (None, Vec::new());
        };
        if integration.object().is_none() {
            self.findings
                .error(&integration, "an integration must be an object");
            return (None, Vec::new());
        }
        let words = WORDS.iter().map(|(name, _)| *name);
        let known: Vec<&str> = words.chain(HANDED_ON).chain(OTHERS).collect();
        self.findings.check_members(&integration, &known);
        let mut members = Members::new();
        for (name, member) in WORDS {
            if let Some(word) = integration.member_text(name) {
                members.insert(member.into(), word.to_ascii_uppercase().into());
            }
        }
        for name in HANDED_ON {
            if let Some(value) = integration.member(name) {
                members.insert(name.into(), value.value.clone());
            }
        }
        if let Some(skips) = integration
            .member("tlsConfig")
            .and_then(|tls| tls.member("insecureSkipVerification"))
            .filter(|skips| skips.value == &Value::Bool(true))
        {
            self.findings.warning(
                &skips,
                "the backend's certificate may be of anybody's making: have one of an authority that is trusted",
            );
        }
        if let Some(number) = members.get("timeoutInMillis").and_then(Value::as_str) {
            let number = number.parse::<u32>().map_or(Value::from(number), Value::from);
            members.insert("timeoutInMillis".into(), number);
        }
        if let Some(method) = integration.member_text("httpMethod") {
            members.insert("httpMethod".into(), method.to_ascii_uppercase().into());
        }
        for name in ["requestParameters", "requestTemplates"] {
            let texts = self.texts(&integration, name);
            if !texts.is_empty() {
                members.insert(name.into(), texts.into());
            }
        }
        self.check_format(&integration);
        let responses = self.read_integration_responses(&integration);
        let part = Part {
            pointer: integration.pointer,
            name: String::new(),
            members,
        };
        (Some(part), responses)
    }

    /// REST APIs have one format of payloads.
    fn check_format(&mut self, integration: &At<'d>) {
        let Some(version) = integration.member("payloadFormatVersion") else {
            return;
        };
        if !matches!(version.text().as_deref(), Some("1.0" | "1")) {
            self.findings
                .error(&version, "REST APIs have the payload format 1.0 alone");
        }
    }

    fn read_integration_responses(&mut self, integration: &At<'d>) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut seen = BTreeSet::new();
        let Some(responses) = integration.member("responses") else {
            return parts;
        };
        for (pattern, response) in responses.members() {
            self.findings.check_members(
                &response,
                &[
                    "statusCode",
                    "responseParameters",
                    "responseTemplates",
                    "contentHandling",
                ],
            );
            let Some(status) = response.member_text("statusCode") else {
                self.findings
                    .error(&response, "an integration response needs a `statusCode`");
                continue;
            };
            if !seen.insert(status.clone()) {
                self.findings.error(
                    &response,
                    format!(
                        "another pattern answers `{status}` already: an integration has one response a status"
                    ),
                );
            }
            let mut members = Members::new();
            if pattern != "default" {
                members.insert("selectionPattern".into(), pattern.into());
            }
            if let Some(handling) = response.member_text("contentHandling") {
                members.insert("contentHandling".into(), handling.to_ascii_uppercase().into());
            }
            for name in ["responseParameters", "responseTemplates"] {
                let texts = self.texts(&response, name);
                if !texts.is_empty() {
                    members.insert(name.into(), texts.into());
                }
            }
            parts.push(Part {
                pointer: response.pointer.clone(),
                name: status,
                members,
            });
        }
        parts
    }
}
