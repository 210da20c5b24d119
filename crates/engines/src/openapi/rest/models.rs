//! Schemas as models. A schema with a name is a model of that name; one without, where an operation needs it, gets a name of
//! its content, so that the same document always makes the same models.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html>

use std::{collections::BTreeMap, fmt::Write as _};

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;

use super::Planner;
use crate::{
    canonical_json,
    json_schema::model_url,
    openapi::{
        Document, Members, Part,
        at::{At, unescape},
        document::Version,
        findings::Findings,
    },
};

/// Words of a schema that change what is valid and that JSON Schema draft 4, which models are, does not have.
const WITHOUT_EFFECT: [&str; 2] = ["nullable", "discriminator"];
/// Hexadecimal digits of an unnamed model's name.
const DIGITS: usize = 12;

/// The models of a document.
pub(super) struct Models {
    api_id: String,
    by_name: BTreeMap<String, Part>,
}

impl Models {
    /// Reads the schemas that have names.
    pub(super) fn read<'d>(document: &'d Document, api_id: &str, findings: &mut Findings<'d>) -> Self {
        let way: &[&str] = match document.version {
            Version::Swagger2 => &["definitions"],
            Version::OpenApi3 => &["components", "schemas"],
        };
        let mut models = Self {
            api_id: api_id.to_owned(),
            by_name: BTreeMap::new(),
        };
        if let Some(schemas) = document.root().reach(way) {
            for (name, schema) in schemas.members() {
                models.add(name.to_owned(), &schema, document, findings);
            }
        }
        models
    }

    /// Returns what `CreateModel` wants.
    pub(super) fn parts(self) -> Vec<Part> {
        self.by_name.into_values().collect()
    }

    fn add<'d>(
        &mut self,
        name: String,
        schema: &At<'d>,
        document: &'d Document,
        findings: &mut Findings<'d>,
    ) {
        let mut text = schema.value.clone();
        self.rewrite(&mut text, &schema.pointer, document, findings);
        let mut members = Members::new();
        members.insert("name".into(), name.clone().into());
        members.insert("contentType".into(), "application/json".into());
        if let Some(description) = schema.member_text("description") {
            members.insert("description".into(), description.into());
        }
        members.insert("schema".into(), text.to_string().into());
        let part = Part {
            pointer: schema.pointer.clone(),
            name: name.clone(),
            members,
        };
        self.by_name.insert(name, part);
    }

    /// Makes references between schemas references between models.
    fn rewrite<'d>(
        &self,
        value: &mut Value,
        pointer: &str,
        document: &'d Document,
        findings: &mut Findings<'d>,
    ) {
        match value {
            Value::Array(items) => {
                for item in items {
                    self.rewrite(item, pointer, document, findings);
                }
            }
            Value::Object(members) => {
                for word in WITHOUT_EFFECT {
                    if members.get(word).is_some_and(|word| *word != Value::Bool(false))
                        && !is_property(members, word)
                    {
                        let at = At {
                            value: &Value::Null,
                            pointer: pointer.to_owned(),
                        };
                        findings.warning(
                            &at,
                            format!("`{word}` has no effect: models are JSON Schema draft 4"),
                        );
                    }
                }
                if let Some(Value::String(target)) = members.get_mut("$ref") {
                    match self.model_address(target, document) {
                        Some(address) => *target = address,
                        None => {
                            let at = At {
                                value: &Value::Null,
                                pointer: pointer.to_owned(),
                            };
                            findings.error(&at, format!("`{target}` is no schema of this document"));
                        }
                    }
                }
                for member in members.values_mut() {
                    self.rewrite(member, pointer, document, findings);
                }
            }
            _ => {}
        }
    }

    fn model_address(&self, target: &str, document: &Document) -> Option<String> {
        if let Some(rest) = target.strip_prefix("https://apigateway.amazonaws.com/restapis/") {
            // Of an API that was exported by hand: the models are this API's now.
            let (_, name) = rest.split_once("/models/")?;
            return Some(model_url(&self.api_id, name));
        }
        document.at(target)?;
        let (name, rest) = schema_name(target)?;
        let fragment = if rest.is_empty() {
            String::new()
        } else {
            format!("#/{rest}")
        };
        Some(format!("{}{fragment}", model_url(&self.api_id, &name)))
    }
}

/// Tells whether a word looks like the name of a property rather than a keyword: its value is a schema.
fn is_property(members: &serde_json::Map<String, Value>, word: &str) -> bool {
    members
        .get(word)
        .and_then(Value::as_object)
        .is_some_and(|schema| schema.contains_key("type") || schema.contains_key("$ref"))
}

/// Returns the schema that a reference names, and the way inside it.
fn schema_name(target: &str) -> Option<(String, &str)> {
    let rest = target
        .strip_prefix("#/definitions/")
        .or_else(|| target.strip_prefix("#/components/schemas/"))?;
    let (name, rest) = rest.split_once('/').unwrap_or((rest, ""));
    Some((unescape(name), rest))
}

impl<'d> Planner<'d> {
    /// Returns the name of the model of a schema: the one that it refers to, or one that is made for it.
    pub(super) fn model_of(&mut self, schema: &At<'d>) -> Option<String> {
        if let Some(target) = schema.value.get("$ref").and_then(Value::as_str) {
            return match schema_name(target)
                .filter(|(name, rest)| rest.is_empty() && self.models.by_name.contains_key(name))
            {
                Some((name, _)) => Some(name),
                None => {
                    self.findings
                        .error(schema, format!("`{target}` is no schema of this document"));
                    None
                }
            };
        }
        let canonical = canonical_json::render(schema.value).unwrap_or_else(|_| schema.value.to_string());
        let mut name = String::from("MODEL");
        for byte in digest(&SHA256, canonical.as_bytes())
            .as_ref()
            .iter()
            .take(DIGITS / 2)
        {
            let _ = write!(name, "{byte:02x}");
        }
        if !self.models.by_name.contains_key(&name) {
            self.models
                .add(name.clone(), schema, self.document, &mut self.findings);
        }
        Some(name)
    }
}
