//! What an operation answers.

use serde_json::{Map, Value};

use super::Planner;
use crate::openapi::{Members, Part, at::At};

impl<'d> Planner<'d> {
    pub(super) fn read_responses(&mut self, operation: &At<'d>) -> Vec<Part> {
        let mut parts = Vec::new();
        let Some(responses) = operation.member("responses") else {
            return parts;
        };
        for (status, response) in responses.members() {
            // What an API answers to every other status only documents it: a method has responses by status.
            if status == "default" || status.starts_with("x-") {
                continue;
            }
            if status.len() != 3 || !status.bytes().all(|byte| byte.is_ascii_digit()) {
                self.findings.warning(
                    &response,
                    format!("a method answers single statuses: `{status}` is left out"),
                );
                continue;
            }
            let pointer = response.pointer.clone();
            if let Some(response) = self.findings.resolve(response) {
                let members = self.read_response(operation, &response);
                parts.push(Part {
                    pointer,
                    name: status.to_owned(),
                    members,
                });
            }
        }
        parts
    }

    fn read_response(&mut self, operation: &At<'d>, response: &At<'d>) -> Members {
        self.findings.check_extensions(response, &[]);
        let mut headers = Map::new();
        for (name, _) in response.member("headers").iter().flat_map(At::members) {
            headers.insert(format!("method.response.header.{name}"), Value::Bool(false));
        }
        let models = if self.is_swagger() {
            let mut models = Map::new();
            if let Some(schema) = response.member("schema")
                && let Some(model) = self.model_of(&schema)
            {
                for content_type in self.content_types(operation, "produces") {
                    models.insert(content_type, model.clone().into());
                }
            }
            models
        } else {
            self.models_by_content(response)
        };
        let mut members = Members::new();
        members.insert("responseParameters".into(), headers.into());
        members.insert("responseModels".into(), models.into());
        members
    }
}
