//! From CloudFormation's spelling of rules to the API's: `Arn` is `ARN`, and a `SearchString` is plain text, where the API
//! has base64 (which a template calls `SearchStringBase64`).
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-wafv2-webacl-statement.html>

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use crate::{operation::AwsError, services::wafv2::invalid};

/// Statements that refer to something by its ARN.
const REFERENCES: [&str; 3] = [
    "IPSetReferenceStatement",
    "RegexPatternSetReferenceStatement",
    "RuleGroupReferenceStatement",
];

/// Translates rules, or anything inside one. Its depth is the template's, which is limited.
pub(super) fn translated(value: &Value) -> Result<Value, AwsError> {
    match value {
        Value::Array(items) => items.iter().map(translated).collect(),
        Value::Object(members) => {
            let mut result = Map::new();
            for (name, member) in members {
                let member = match (name.as_str(), member) {
                    ("ByteMatchStatement", Value::Object(statement)) => byte_match(statement)?,
                    (name, Value::Object(statement)) if REFERENCES.contains(&name) => {
                        reference(name, statement)?
                    }
                    (_, member) => translated(member)?,
                };
                result.insert(name.clone(), member);
            }
            Ok(result.into())
        }
        plain => Ok(plain.clone()),
    }
}

fn byte_match(statement: &Map<String, Value>) -> Result<Value, AwsError> {
    let mut result = Map::new();
    for (name, value) in statement {
        let (name, value) = match (name.as_str(), value) {
            ("SearchString", _) if statement.contains_key("SearchStringBase64") => {
                return Err(invalid(
                    "BYTE_MATCH_STATEMENT",
                    "SearchString and SearchStringBase64 exclude each other: give one",
                ));
            }
            ("SearchString", Value::String(text)) => ("SearchString", STANDARD.encode(text).into()),
            ("SearchString", Value::Number(number)) => {
                ("SearchString", STANDARD.encode(number.to_string()).into())
            }
            ("SearchStringBase64", encoded) => ("SearchString", encoded.clone()),
            (name, value) => (name, translated(value)?),
        };
        result.insert(name.to_owned(), value);
    }
    Ok(result.into())
}

fn reference(kind: &str, statement: &Map<String, Value>) -> Result<Value, AwsError> {
    let mut result = Map::new();
    for (name, value) in statement {
        let name = match name.as_str() {
            "ARN" => {
                return Err(invalid(
                    kind,
                    "a template writes `Arn`, the API `ARN`: write `Arn`",
                ));
            }
            "Arn" => "ARN",
            other => other,
        };
        result.insert(name.to_owned(), translated(value)?);
    }
    Ok(result.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn templates_spelling_becomes_the_apis() {
        let rules = json!([{"Statement": {"AndStatement": {"Statements": [
            {"ByteMatchStatement": {"SearchString": "a b", "TextTransformations": [{"Priority": 0, "Type": "NONE"}]}},
            {"NotStatement": {"Statement": {"IPSetReferenceStatement": {"Arn": "arn:x"}}}},
            {"ByteMatchStatement": {"SearchStringBase64": "YQ=="}},
        ]}}}]);
        let expected = json!([{"Statement": {"AndStatement": {"Statements": [
            {"ByteMatchStatement": {"SearchString": "YSBi", "TextTransformations": [{"Priority": 0, "Type": "NONE"}]}},
            {"NotStatement": {"Statement": {"IPSetReferenceStatement": {"ARN": "arn:x"}}}},
            {"ByteMatchStatement": {"SearchString": "YQ=="}},
        ]}}}]);
        assert_eq!(translated(&rules).unwrap(), expected);
    }

    #[test]
    fn spellings_that_are_not_a_templates_are_refused() {
        for rule in [
            json!({"IPSetReferenceStatement": {"ARN": "arn:x"}}),
            json!({"ByteMatchStatement": {"SearchString": "a", "SearchStringBase64": "YQ=="}}),
        ] {
            let error = translated(&rule).unwrap_err();
            assert_eq!(error.code, "WAFInvalidParameterException");
        }
    }
}
