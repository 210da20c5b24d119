//! Reads any text as an OpenAPI document, plans both kinds of API from it, and reads back what is written as YAML.

use portcullis_engines::openapi::{BasePath, Document, Options, export::render_yaml, http, rest};

pub(crate) fn document(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok((document, _)) = Document::parse(text, &[("AWS::Region", "us-east-1")]) else {
        return;
    };
    let options = Options {
        api_id: "fuzz",
        base_path: BasePath::Split,
    };
    let (plan, problems) = rest::plan(&document, &options);
    for part in &plan.models {
        let schema = part.members.get("schema").and_then(|schema| schema.as_str());
        serde_json::from_str::<serde_json::Value>(schema.expect("a model has a schema")).expect("JSON");
    }
    for problem in problems {
        assert!(problem.path.starts_with('#'), "{problem}");
    }
    http::plan(&document, BasePath::Prepend);
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else {
        return;
    };
    let written = render_yaml(&value);
    let again = Document::parse(&written, &[]);
    assert!(again.is_ok(), "{written}");
}
