//! An operation of a document as a method.

use serde_json::Value;

use super::{MethodPlan, Planner};
use crate::openapi::{Members, at::At};

/// Extensions that may stand in an operation.
const IN_OPERATION: &[&str] = &["auth", "integration", "request-validator"];

impl<'d> Planner<'d> {
    pub(super) fn read_method(
        &mut self,
        http_method: &str,
        path: &str,
        shared: Option<&At<'d>>,
        operation: &At<'d>,
    ) -> MethodPlan {
        self.findings.check_extensions(operation, IN_OPERATION);
        for (name, meaning) in [
            ("callbacks", "callbacks"),
            ("servers", "servers of one operation"),
        ] {
            if let Some(member) = operation.member(name) {
                self.findings
                    .warning(&member, format!("{meaning} have no effect on an API"));
            }
        }
        let mut members = Members::new();
        let authorization = self.read_authorization(operation);
        members.extend(authorization.members);
        if let Some(name) = operation.member_text("operationId") {
            members.insert("operationName".into(), name.into());
        }
        let inputs = self.read_inputs(path, shared, operation);
        let (integration, integration_responses) = self.read_integration(operation);
        let parameters = with_multi_values(inputs.parameters, integration.as_ref().map(|part| &part.members));
        if !parameters.is_empty() {
            members.insert("requestParameters".into(), parameters.into());
        }
        if !inputs.models.is_empty() {
            members.insert("requestModels".into(), inputs.models.into());
        }
        MethodPlan {
            pointer: operation.pointer.clone(),
            http_method: http_method.to_owned(),
            members,
            authorizer: authorization.authorizer,
            request_validator: self.read_validator(operation),
            responses: self.read_responses(operation),
            integration,
            integration_responses,
        }
    }

    /// Returns the validator of a method: its own, or the document's.
    fn read_validator(&mut self, operation: &At<'d>) -> Option<String> {
        const EXTENSION: &str = "x-amazon-apigateway-request-validator";
        let root = self.document.root();
        let chosen = operation.member(EXTENSION).or_else(|| root.member(EXTENSION))?;
        let name = chosen.text().unwrap_or_default();
        let known = root
            .member("x-amazon-apigateway-request-validators")
            .is_some_and(|validators| validators.members().any(|(other, _)| other == name));
        if !known {
            self.findings.error(
                &chosen,
                format!("`x-amazon-apigateway-request-validators` has no `{name}`"),
            );
        }
        known.then_some(name)
    }
}

/// A document declares a parameter once. Where the integration asks for all its values, the method must declare it so too.
fn with_multi_values(mut parameters: Members, integration: Option<&Members>) -> Members {
    let sources = integration.and_then(|members| members.get("requestParameters"));
    let sources = sources.and_then(Value::as_object).into_iter().flatten();
    for (_, source) in sources {
        let Some(source) = source.as_str() else { continue };
        for (many, one) in [
            (
                "method.request.multivaluequerystring.",
                "method.request.querystring.",
            ),
            ("method.request.multivalueheader.", "method.request.header."),
        ] {
            let declared = source
                .strip_prefix(many)
                .and_then(|name| parameters.get(&format!("{one}{name}")))
                .cloned();
            if let Some(required) = declared {
                parameters.insert(source.to_owned(), required);
            }
        }
    }
    parameters
}
