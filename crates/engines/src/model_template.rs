//! What does a mapping template for a model look like? A sample of every property, loops for lists, as `GetModelTemplate` gives it
//! (<https://docs.aws.amazon.com/apigateway/latest/api/API_GetModelTemplate.html>). AWS documents the empty one alone; the values of the others
//! are ours.

use std::fmt::Write;

use serde_json::Value;

/// How deep schemas are followed: one may refer to itself.
const DEPTH_MAX: usize = 12;
/// The longest sample, in bytes.
const BYTES_MAX: usize = 64 * 1024;

/// Returns the sample for `schema`; `model` finds the schema of another model by its URL.
pub fn sample(schema: &Value, model: &dyn Fn(&str) -> Option<Value>) -> String {
    let mut sample = Sample {
        root: schema,
        model,
        text: "#set($inputRoot = $input.path('$'))\n".to_owned(),
    };
    sample.value(schema, "$inputRoot", 0);
    sample.text
}

struct Sample<'a> {
    root: &'a Value,
    model: &'a dyn Fn(&str) -> Option<Value>,
    text: String,
}

impl Sample<'_> {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn line(&mut self, depth: usize) {
        self.text.push('\n');
        self.text.push_str(&"  ".repeat(depth));
    }

    /// Writes a sample of what `schema` describes, which stands at `depth`.
    fn value(&mut self, schema: &Value, list: &str, depth: usize) {
        if depth > DEPTH_MAX || self.text.len() > BYTES_MAX {
            return self.push("{ }");
        }
        if let Some(url) = schema.get("$ref").and_then(Value::as_str) {
            return self.referred(url, list, depth);
        }
        if let Some(first) = schema
            .get("enum")
            .and_then(Value::as_array)
            .and_then(|values| values.first())
        {
            let text = first.to_string();
            return self.push(&text.replace(['$', '#'], ""));
        }
        let kind = match schema.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(Value::Array(kinds)) => kinds
                .iter()
                .filter_map(Value::as_str)
                .find(|kind| *kind != "null")
                .unwrap_or("null"),
            _ if schema.get("items").is_some() => "array",
            _ => "object",
        };
        match kind {
            "string" => self.push("\"foo\""),
            "integer" => self.push("42"),
            "number" => self.push("3.14"),
            "boolean" => self.push("true"),
            "null" => self.push("null"),
            "array" => self.list(schema.get("items").unwrap_or(&Value::Null), list, depth),
            _ => self.object(schema, list, depth),
        }
    }

    fn referred(&mut self, url: &str, list: &str, depth: usize) {
        let found = match url.strip_prefix('#') {
            Some(pointer) => self.root.pointer(pointer).cloned(),
            None => (self.model)(url),
        };
        match found {
            Some(schema) => self.value(&schema, list, depth + 1),
            None => self.push("{ }"),
        }
    }

    fn object(&mut self, schema: &Value, list: &str, depth: usize) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let Some(properties) = properties.filter(|properties| !properties.is_empty()) else {
            return self.push("{ }");
        };
        self.push("{");
        for (position, (name, property)) in properties.iter().enumerate() {
            self.push(if position == 0 { "" } else { "," });
            self.line(depth + 1);
            // What a template would read as its own is left out of a name.
            let name = Value::from(name.replace(['$', '#', '\\'], "")).to_string();
            let _ = write!(self.text, "{name} : ");
            self.value(property, list, depth + 1);
        }
        self.line(depth);
        self.push("}");
    }

    fn list(&mut self, items: &Value, list: &str, depth: usize) {
        self.push("[");
        self.line(depth + 1);
        self.push("##Update this foreach loop to reference the array of the input");
        self.line(depth + 1);
        let _ = write!(self.text, "#foreach($elem in {list})");
        self.line(depth + 1);
        self.value(items, "$elem", depth + 1);
        self.push("#if($foreach.hasNext),#end");
        self.line(depth + 1);
        self.push("#end");
        self.line(depth);
        self.push("]");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::vtl::{Limits, Template, tests::Fixture};

    #[test]
    fn empty_model_is_an_empty_object() {
        let text = sample(&json!({"type": "object"}), &|_| None);
        assert_eq!(text, "#set($inputRoot = $input.path('$'))\n{ }");
    }

    #[test]
    fn sample_shows_every_property_and_renders_to_json() {
        let address = json!({"type": "object", "properties": {"street": {"type": "string"}}});
        let schema = json!({
            "definitions": {"tag": {"type": "string", "enum": ["new", "old"]}},
            "type": "object",
            "properties": {
                "name": {"type": "string"}, "age": {"type": ["null", "integer"]}, "score": {"type": "number"},
                "member": {"type": "boolean"}, "tag": {"$ref": "#/definitions/tag"},
                "address": {"$ref": "https://apigateway.amazonaws.com/restapis/a/models/Address"},
                "pets": {"type": "array", "items": {"properties": {"kind": {"type": "string"}}}},
                "self": {"$ref": "#"}, "odd$name#": {"type": "null"},
            },
        });
        let text = sample(&schema, &|url| url.ends_with("/Address").then(|| address.clone()));
        let template = Template::parse(&text).unwrap_or_else(|problem| panic!("{text}\n{problem}"));
        let rendered = template
            .render(&Fixture::new("[1, 2]"), &Limits::default())
            .unwrap();
        let value: Value =
            serde_json::from_str(&rendered.text).unwrap_or_else(|problem| panic!("{text}\n{problem}"));
        assert_eq!(value["name"], "foo");
        assert_eq!(value["age"], 42);
        assert_eq!(value["tag"], "new");
        assert_eq!(value["address"], json!({"street": "foo"}));
        assert_eq!(value["pets"], json!([{"kind": "foo"}, {"kind": "foo"}]));
        assert_eq!(value["self"]["self"]["name"], "foo");
        assert!(text.len() < 2 * BYTES_MAX);
    }
}
