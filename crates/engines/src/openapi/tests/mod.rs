//! Documents and the plans that they become.

mod exporting;
mod hostile;
mod http;
mod reading;

use portcullis_model::Problem;
use serde_json::{Value, json};

use super::{BasePath, Document, Options, rest};

fn planned(document: &Value) -> (rest::RestPlan, Vec<String>) {
    let document = Document::of(document.clone(), &[]).unwrap();
    let options = Options {
        api_id: "abc",
        base_path: BasePath::default(),
    };
    let (plan, problems) = rest::plan(&document, &options);
    (plan, problems.iter().map(Problem::to_string).collect())
}

/// A document of one operation, `GET /pets`.
fn with_operation(operation: &Value) -> Value {
    json!({
        "openapi": "3.0.1",
        "info": { "title": "one", "version": "1" },
        "paths": { "/pets": { "get": operation } },
    })
}

fn method(operation: &Value) -> (rest::MethodPlan, Vec<String>) {
    let (mut plan, problems) = planned(&with_operation(operation));
    (plan.paths.remove(0).methods.remove(0), problems)
}
