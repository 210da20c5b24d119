//! What a Lambda authorizer's function returns: a principal, a policy, a flat context, perhaps an API key; for HTTP APIs perhaps
//! just whether the caller is authorized, and a context of any form.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use portcullis_engines::{iam::Policy, strict_json};
use portcullis_model::SecretText;
use serde_json::{Map, Value};

use super::lambda_identity::Form;

/// The longest answer, in bytes.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Characters of one `Resource`: AWS's limit.
const RESOURCE_CHARACTERS_MAX: usize = 512;

/// What an answer says of the call.
pub(crate) enum Word {
    /// To be evaluated for the call.
    Policy(Policy),
    /// The same for every call.
    Simple(bool),
}

/// An answer, read and compiled.
pub(crate) struct Answer {
    /// Always there beside a policy.
    pub(crate) principal_id: Option<Box<str>>,
    pub(crate) word: Word,
    /// For a REST API numbers and booleans as text.
    pub(crate) context: Map<String, Value>,
    /// The API key to count the call under, where the API takes keys from its authorizer.
    pub(crate) usage_identifier_key: Option<SecretText>,
    /// The policy as the function gave it, for whoever tests the authorizer.
    pub(crate) policy_document: Option<Box<str>>,
    /// The length of what it was read from.
    pub(crate) text_bytes: u64,
}

impl Answer {
    /// Reads what a function returned; the error is for the trail and says what is wrong.
    pub(super) fn parse(payload: &[u8], form: Form) -> Result<Self, String> {
        if payload.len() > ANSWER_BYTES_MAX {
            return Err(format!("it has more than {ANSWER_BYTES_MAX} bytes"));
        }
        let answer =
            strict_json::parse_object(payload).ok_or("it is no JSON object without duplicate names")?;
        let context = members(answer.get("context"))?;
        let context = match form {
            Form::Rest => flat(context)?,
            Form::Http1 | Form::Http2 { .. } => reserved(context)?,
        };
        let text_bytes = payload.len() as u64;
        if form == (Form::Http2 { simple: true }) {
            let is_authorized = answer.get("isAuthorized").and_then(Value::as_bool);
            return Ok(Self {
                principal_id: None,
                word: Word::Simple(is_authorized.ok_or("`isAuthorized` is neither true nor false")?),
                context,
                usage_identifier_key: None,
                policy_document: None,
                text_bytes,
            });
        }
        let principal_id = answer.get("principalId").and_then(Value::as_str);
        let principal_id = principal_id
            .filter(|id| !id.is_empty())
            .ok_or("`principalId` is no text")?;
        let usage_identifier_key = match answer.get("usageIdentifierKey") {
            None | Some(Value::Null) => None,
            Some(Value::String(key)) => Some(SecretText::new(key.clone())),
            Some(_) => return Err("`usageIdentifierKey` is no text".into()),
        };
        Ok(Self {
            principal_id: Some(principal_id.into()),
            word: Word::Policy(policy(answer.get("policyDocument"))?),
            context,
            usage_identifier_key,
            policy_document: answer
                .get("policyDocument")
                .map(|document| document.to_string().into()),
            text_bytes,
        })
    }
}

fn policy(document: Option<&Value>) -> Result<Policy, String> {
    let document = document
        .filter(|document| document.is_object())
        .ok_or("`policyDocument` is no object")?;
    check_resources(document)?;
    Policy::parse_identity_based(&document.to_string()).map_err(|cause| format!("`policyDocument`: {cause}"))
}

fn members(value: Option<&Value>) -> Result<Map<String, Value>, String> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(members)) => Ok(members.clone()),
        Some(_) => Err("`context` is no object".into()),
    }
}

/// A REST API takes texts, numbers and booleans, and tells all as text.
fn flat(members: Map<String, Value>) -> Result<Map<String, Value>, String> {
    let mut context = Map::new();
    for (name, value) in members {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Array(_) | Value::Object(_) => {
                return Err(
                    "`context` holds a list or an object: only texts, numbers and booleans may be in it"
                        .into(),
                );
            }
        };
        context.insert(name, text.into());
    }
    Ok(context)
}

/// An HTTP API takes anything but AWS's own word.
fn reserved(mut members: Map<String, Value>) -> Result<Map<String, Value>, String> {
    if members.contains_key("claims") {
        return Err("`context` holds `claims`, which is reserved".into());
    }
    members.retain(|_, value| !value.is_null());
    Ok(members)
}

fn check_resources(document: &Value) -> Result<(), String> {
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(single) => vec![single],
        None => Vec::new(),
    };
    let is_long = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| text.chars().count() > RESOURCE_CHARACTERS_MAX)
    };
    for statement in statements {
        for name in ["Resource", "NotResource"] {
            let found = match statement.get(name) {
                Some(Value::Array(items)) => items.iter().any(is_long),
                Some(single) => is_long(single),
                None => false,
            };
            if found {
                return Err(format!(
                    "a `{name}` has more than {RESOURCE_CHARACTERS_MAX} characters"
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}]}"#;

    fn answer(members: &str) -> Result<Answer, String> {
        Answer::parse(
            format!(r#"{{"policyDocument":{POLICY}{members}}}"#).as_bytes(),
            Form::Rest,
        )
    }

    #[test]
    fn context_is_flat_and_becomes_text() {
        let read = answer(r#","principalId":"ann","context":{"a":"x","b":7,"c":true,"d":1.5,"e":null},"usageIdentifierKey":"k""#).unwrap();
        assert_eq!(read.principal_id.as_deref(), Some("ann"));
        let context: Vec<_> = read
            .context
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
            .collect();
        assert_eq!(context, [("a", "x"), ("b", "7"), ("c", "true"), ("d", "1.5")]);
        assert_eq!(read.usage_identifier_key.unwrap().expose(), "k");
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let long = format!(
            r#"{{"principalId":"a","policyDocument":{}}}"#,
            POLICY.replace(r#""*""#, &format!("\"arn:{}\"", "a".repeat(600)))
        );
        let huge = format!(r#"{{"principalId":"{}"}}"#, "a".repeat(70_000));
        for (text, part) in [
            ("", "no JSON object"),
            ("null", "no JSON object"),
            ("[]", "no JSON object"),
            (r#"{"principalId":"a","principalId":"b"}"#, "duplicate"),
            (r#"{"principalId":"a"}"#, "`policyDocument` is no object"),
            (
                r#"{"principalId":"a","policyDocument":"{}"}"#,
                "`policyDocument` is no object",
            ),
            (r#"{"principalId":"a","policyDocument":{}}"#, "Statement"),
            (long.as_str(), "more than 512"),
            (huge.as_str(), "more than 65536"),
        ] {
            let refused = Answer::parse(text.as_bytes(), Form::Rest).err().unwrap();
            assert!(refused.contains(part), "{text}: {refused}");
        }
        for (members, part) in [
            ("", "`principalId` is no text"),
            (r#","principalId":7"#, "`principalId` is no text"),
            (r#","principalId":"""#, "`principalId` is no text"),
            (r#","principalId":"a","context":[]"#, "`context` is no object"),
            (r#","principalId":"a","context":{"a":{}}"#, "list or an object"),
            (r#","principalId":"a","context":{"a":[1]}"#, "list or an object"),
            (
                r#","principalId":"a","usageIdentifierKey":1"#,
                "`usageIdentifierKey` is no text",
            ),
        ] {
            let refused = answer(members).err().unwrap();
            assert!(refused.contains(part), "{members}: {refused}");
        }
    }

    #[test]
    fn simple_answer_says_whether_the_caller_is_authorized() {
        let parse = |text: &str| Answer::parse(text.as_bytes(), Form::Http2 { simple: true });
        let read = parse(r#"{"isAuthorized":true,"context":{"a":["x"],"b":{"c":1},"d":null}}"#).unwrap();
        assert!(matches!(read.word, Word::Simple(true)));
        assert_eq!(
            Value::from(read.context),
            serde_json::json!({"a": ["x"], "b": {"c": 1}})
        );
        assert!(matches!(
            parse(r#"{"isAuthorized":false}"#).unwrap().word,
            Word::Simple(false)
        ));
        for (text, part) in [
            ("{}", "`isAuthorized` is neither"),
            (r#"{"isAuthorized":"true"}"#, "`isAuthorized` is neither"),
            (r#"{"isAuthorized":1}"#, "`isAuthorized` is neither"),
            (r#"{"isAuthorized":false,"isAuthorized":true}"#, "duplicate"),
            (r#"{"isAuthorized":true,"context":[]}"#, "`context` is no object"),
            (r#"{"isAuthorized":true,"context":{"claims":{}}}"#, "reserved"),
        ] {
            let refused = parse(text).err().unwrap();
            assert!(refused.contains(part), "{text}: {refused}");
        }
        // Where simple answers are not enabled, one is no answer.
        let policy = Answer::parse(br#"{"isAuthorized":true}"#, Form::Http2 { simple: false });
        assert!(policy.err().unwrap().contains("`principalId`"));
    }

    #[test]
    fn mangled_answers_are_read_or_refused_without_panic() {
        let seed = format!(
            r#"{{"principalId":"a","policyDocument":{POLICY},"context":{{"a":1,"b":"é"}},"usageIdentifierKey":null}}"#
        );
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).unwrap()
        };
        let mut read = 0;
        for _ in 0..20_000 {
            let mut bytes = seed.clone().into_bytes();
            for _ in 0..=next() % 3 {
                let at = next() % bytes.len();
                match next() % 3 {
                    0 => bytes[at] = u8::try_from(next() % 256).unwrap(),
                    1 => bytes.insert(at, b"{}[]\",:01ae\\"[next() % 12]),
                    _ => drop(bytes.remove(at)),
                }
            }
            read += usize::from(Answer::parse(&bytes, Form::Rest).is_ok());
            let _simple = Answer::parse(&bytes, Form::Http2 { simple: true });
        }
        assert!(read > 100 && read < 19_000, "{read}");
    }
}
