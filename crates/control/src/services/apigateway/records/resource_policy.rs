//! The policy of a REST API: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies.html>
//!
//! It is kept with its shorthand resources (`execute-api:/stage/METHOD/path`) written out, as AWS does. What the data plane
//! cannot enforce of it is refused when the API is deployed.

use portcullis_engines::iam::Policy;
use portcullis_model::{ApiId, Scope};
use serde_json::Value;

use crate::{operation::AwsError, services::apigateway::errors::bad_request};

/// Characters of a policy: AWS's quota.
const CHARACTERS_MAX: usize = 8_192;
const SHORTHAND: &str = "execute-api:/";

/// Returns what is kept of a policy that a caller gives; none removes it.
pub fn compile(scope: &Scope, api: &ApiId, given: Option<&str>) -> Result<Option<String>, AwsError> {
    let Some(given) = given.map(str::trim).filter(|given| !given.is_empty()) else {
        return Ok(None);
    };
    let document = unescaped(given);
    let wrong = |cause: String| {
        bad_request(format!(
            "Invalid policy document. Please check the policy syntax and ensure that Principals are valid. {cause}"
        ))
    };
    check(&document).map_err(wrong)?;
    let mut value: Value = serde_json::from_str(&document).map_err(|cause| wrong(cause.to_string()))?;
    let arn = format!("arn:aws:execute-api:{}:{}:{api}", scope.region, scope.account);
    match value.get_mut("Statement") {
        Some(Value::Array(statements)) => statements.iter_mut().for_each(|one| expand(one, &arn)),
        Some(single) => expand(single, &arn),
        None => {}
    }
    let document = value.to_string();
    check(&document).map_err(wrong)?;
    Ok(Some(document))
}

/// Says what is wrong with a policy, wherever it will be.
pub fn check(document: &str) -> Result<(), String> {
    let characters = document.chars().count();
    if characters > CHARACTERS_MAX {
        return Err(format!(
            "the policy has {characters} characters, more than {CHARACTERS_MAX}"
        ));
    }
    // Any API's name does for reading.
    Policy::parse_resource_based(document, Some("arn:aws:execute-api:r:0:a"))
        .map(drop)
        .map_err(|cause| cause.to_string())
}

fn expand(statement: &mut Value, arn: &str) {
    let one = |value: &mut Value| {
        if let Some(path) = value.as_str().and_then(|text| text.strip_prefix(SHORTHAND)) {
            *value = Value::from(format!("{arn}/{path}"));
        }
    };
    for name in ["Resource", "NotResource"] {
        match statement.get_mut(name) {
            Some(Value::Array(items)) => items.iter_mut().for_each(one),
            Some(single) => one(single),
            None => {}
        }
    }
}

/// Patch values come escaped like the inside of a JSON string, or as one, because AWS gives policies out so.
fn unescaped(given: &str) -> String {
    let quoted = if given.starts_with('"') {
        given.to_owned()
    } else if given.contains("\\\"") && serde_json::from_str::<Value>(given).is_err() {
        format!("\"{given}\"")
    } else {
        return given.to_owned();
    };
    serde_json::from_str::<String>(&quoted).unwrap_or_else(|_| given.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":["execute-api:/prod/GET/*","arn:aws:execute-api:*:*:*"]}]}"#;

    fn compiled(given: &str) -> Result<Option<String>, AwsError> {
        compile(
            &Scope::new("000000000000", "us-east-1"),
            &ApiId::from("abc"),
            Some(given),
        )
    }

    #[test]
    fn shorthand_is_written_out_and_the_escaped_form_is_read() {
        let kept = compiled(POLICY).unwrap().unwrap();
        assert!(
            kept.contains(r#""arn:aws:execute-api:us-east-1:000000000000:abc/prod/GET/*""#),
            "{kept}"
        );
        let quoted = Value::from(POLICY).to_string();
        let inside = quoted.get(1..quoted.len() - 1).unwrap();
        for form in [quoted.as_str(), inside, kept.as_str()] {
            assert_eq!(compiled(form).unwrap().as_deref(), Some(kept.as_str()), "{form}");
        }
        assert_eq!(compiled(" ").unwrap(), None);
    }

    #[test]
    fn what_cannot_be_a_resource_policy_is_refused() {
        let long = POLICY.replace("prod", &"p".repeat(8_000));
        for (document, part) in [
            ("{", "not a JSON object"),
            (&POLICY.replace(r#""Principal":"*","#, ""), "names its principals"),
            (&POLICY.replace("Allow", "Maybe"), "expected `Allow` or `Deny`"),
            (&long, "more than 8192"),
        ] {
            let refused = compiled(document).unwrap_err();
            assert!(refused.message.contains(part), "{}", refused.message);
        }
    }
}
