//! What an operation takes: parameters and body.
//! <https://spec.openapis.org/oas/v3.0.3#parameter-object>, <https://swagger.io/specification/v2/#parameter-object>

use super::Planner;
use crate::openapi::{Members, at::At};

/// What a method takes.
#[derive(Default)]
pub(super) struct Inputs {
    /// `method.request.header.X` to whether it is required.
    pub(super) parameters: Members,
    /// Content type to model name.
    pub(super) models: Members,
}

impl<'d> Planner<'d> {
    pub(super) fn read_inputs(&mut self, path: &str, shared: Option<&At<'d>>, operation: &At<'d>) -> Inputs {
        let mut inputs = Inputs::default();
        // A variable of the path is a parameter whether it is declared or not, as on AWS.
        for name in variables(path) {
            inputs
                .parameters
                .insert(format!("method.request.path.{name}"), true.into());
        }
        let own = operation.member("parameters");
        // An operation's own parameter replaces the path's: it comes later.
        let listed: Vec<At<'d>> = shared
            .into_iter()
            .chain(own.as_ref())
            .flat_map(At::items)
            .collect();
        for parameter in listed {
            if let Some(parameter) = self.findings.resolve(parameter) {
                self.read_parameter(operation, &parameter, &mut inputs);
            }
        }
        if let Some(body) = operation.member("requestBody")
            && let Some(body) = self.findings.resolve(body)
        {
            inputs.models = self.models_by_content(&body);
        }
        inputs
    }

    fn read_parameter(&mut self, operation: &At<'d>, parameter: &At<'d>, inputs: &mut Inputs) {
        self.findings.check_extensions(parameter, &[]);
        let name = parameter.member_text("name").unwrap_or_default();
        let place = parameter.member_text("in").unwrap_or_default();
        if name.is_empty() && place != "body" {
            self.findings.error(parameter, "a parameter needs a `name`");
            return;
        }
        let place = match place.as_str() {
            "query" => "querystring",
            "header" => "header",
            "path" => "path",
            "body" => {
                self.read_body(operation, parameter, inputs);
                return;
            }
            "formData" | "cookie" => {
                self.findings.warning(
                    parameter,
                    format!("parameters in `{place}` are not checked: API Gateway has none of them"),
                );
                return;
            }
            other => {
                self.findings
                    .error(parameter, format!("there are no parameters in `{other}`"));
                return;
            }
        };
        // For a list, too: where its integration asks for all values, the method declares that as well.
        let key = format!("method.request.{place}.{name}");
        let required = parameter.is_on("required") || place == "path";
        inputs.parameters.insert(key, required.into());
    }

    /// The body of Swagger 2: one schema for every content type that the operation consumes.
    fn read_body(&mut self, operation: &At<'d>, parameter: &At<'d>, inputs: &mut Inputs) {
        let Some(schema) = parameter.member("schema") else {
            return;
        };
        let Some(model) = self.model_of(&schema) else {
            return;
        };
        for content_type in self.content_types(operation, "consumes") {
            inputs.models.insert(content_type, model.clone().into());
        }
    }

    /// Returns the content types of Swagger 2 under `name`: the operation's, the document's, or JSON.
    pub(super) fn content_types(&self, operation: &At<'d>, name: &str) -> Vec<String> {
        let root = self.document.root();
        let listed = operation.member(name).or_else(|| root.member(name));
        let types: Vec<String> = listed
            .iter()
            .flat_map(At::items)
            .filter_map(|item| item.text())
            .collect();
        if types.is_empty() {
            vec!["application/json".to_owned()]
        } else {
            types
        }
    }

    /// Returns the models of OpenAPI 3's `content`.
    pub(super) fn models_by_content(&mut self, at: &At<'d>) -> Members {
        let mut models = Members::new();
        let Some(content) = at.member("content") else {
            return models;
        };
        for (content_type, media) in content.members() {
            if let Some(schema) = media.member("schema")
                && let Some(model) = self.model_of(&schema)
            {
                models.insert(content_type.to_owned(), model.into());
            }
        }
        models
    }
}

/// Returns the names of a path's variables.
fn variables(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| {
        let inner = segment.strip_prefix('{')?.strip_suffix('}')?;
        Some(inner.strip_suffix('+').unwrap_or(inner))
    })
}
