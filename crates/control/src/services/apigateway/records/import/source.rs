//! The document of an import, as it comes: a text, or an object of a template.

use portcullis_engines::openapi::Document;
use portcullis_model::{Problem, Scope};
use serde_json::Value;

use crate::{operation::AwsError, services::apigateway::errors::bad_request};

/// A document.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    Text(&'a [u8]),
    Value(&'a Value),
}

/// Reads a document, AWS's variables written out; returns it with the warnings of its form.
pub fn read_document(source: Source<'_>, scope: &Scope) -> Result<(Document, Vec<Problem>), AwsError> {
    let (region, account) = (scope.region.to_string(), scope.account.to_string());
    let variables = [
        ("AWS::Region", region.as_str()),
        ("AWS::AccountId", account.as_str()),
        ("AWS::Partition", "aws"),
    ];
    let invalid = |problems: &[Problem]| {
        let told: Vec<String> = problems
            .iter()
            .filter(|problem| problem.is_error())
            .map(super::shown)
            .collect();
        bad_request(format!("Invalid OpenAPI input. {}", told.join("; ")))
    };
    match source {
        Source::Text(bytes) => {
            let text = std::str::from_utf8(bytes)
                .map_err(|_| bad_request("Invalid OpenAPI input. The document is not UTF-8 text"))?;
            Document::parse(text, &variables).map_err(|problems| invalid(&problems))
        }
        Source::Value(value) => Document::of(value.clone(), &variables)
            .map(|document| (document, Vec::new()))
            .map_err(|problem| invalid(&[problem])),
    }
}
