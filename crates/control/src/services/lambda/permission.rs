//! A permission as a statement of the function's policy:
//! <https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html>

use serde_json::{Map, Value, json};

use super::settings::{self, invalid};
use crate::operation::AwsError;

/// What a permission may say beside who and what.
const CONDITIONS: [(&str, &str, &str); 3] = [
    ("SourceArn", "ArnLike", "AWS:SourceArn"),
    ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
    ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
];

/// Makes a statement of what was said; `sid` names it.
pub(crate) fn statement(said: &Map<String, Value>, sid: &str, function_arn: &str) -> Result<Value, AwsError> {
    let text = |name: &str| settings::text(said, name);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if sid.is_empty() || sid.len() > 100 || !sid.bytes().all(plain) {
        return Err(invalid(format!(
            "the statement id `{sid}` is not 1 to 100 letters, digits, `-` and `_`"
        )));
    }
    let action = text("Action")?.unwrap_or_default();
    let action = action.as_str();
    if !matches!(action, "lambda:InvokeFunction" | "lambda:*" | "*") {
        return Err(invalid(format!(
            "the action `{action}` is not supported: use `lambda:InvokeFunction`"
        )));
    }
    let principal = text("Principal")?.unwrap_or_default();
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let principal = match principal.as_str() {
        "" => return Err(invalid("`Principal` is missing")),
        "*" => json!("*"),
        account if is_account(account) => json!({ "AWS": format!("arn:aws:iam::{account}:root") }),
        arn if arn.starts_with("arn:") => json!({ "AWS": arn }),
        service => json!({ "Service": service }),
    };
    let mut conditions: Map<String, Value> = Map::new();
    for (name, operator, key) in CONDITIONS {
        let Some(value) = text(name)? else { continue };
        let entry = conditions.entry(operator).or_insert_with(|| json!({}));
        if let Some(entry) = entry.as_object_mut() {
            entry.insert(key.to_owned(), value.into());
        }
    }
    let mut statement = json!({
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": action,
        "Resource": function_arn,
    });
    if let Some(statement) = statement.as_object_mut().filter(|_| !conditions.is_empty()) {
        statement.insert("Condition".into(), conditions.into());
    }
    Ok(statement)
}
