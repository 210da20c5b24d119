//! `MOCK`: the request template's output says the status; nothing is called.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html>

use super::Answer;
use crate::{
    decision::Reason,
    refusal::{Refusal, RefusalKind},
};

const FIELD: &str = "statusCode";

/// Reads the status from what the request mapping made.
pub(crate) fn answer(text: &[u8]) -> Result<(Answer, Reason), Refusal> {
    match status(text) {
        Some(status) => Ok((Answer::Mocked { status }, "mock".into())),
        None => Err(Refusal::new(
            RefusalKind::Internal,
            "the request template gave a mock no `statusCode` from 100 to 599",
        )),
    }
}

/// Parses `{"statusCode": 200}`, and as leniently as AWS does: CDK writes `{ statusCode: 200 }`, and the number may be a
/// text.
fn status(text: &[u8]) -> Option<u16> {
    let code = match serde_json::from_slice::<serde_json::Value>(text) {
        Ok(value) => {
            let code = value.get(FIELD)?;
            match code.as_str() {
                Some(text) => text.trim().parse().ok()?,
                None => u16::try_from(code.as_u64()?).ok()?,
            }
        }
        Err(_) => lenient_status(std::str::from_utf8(text).ok()?)?,
    };
    (100..600).contains(&code).then_some(code)
}

fn lenient_status(text: &str) -> Option<u16> {
    const QUOTES: [char; 2] = ['"', '\''];
    let (before, after) = text.trim_start().split_once(FIELD)?;
    // The name stands whole: first in its object, or after another field.
    if !before.trim_end_matches(QUOTES).trim_end().ends_with(['{', ',']) {
        return None;
    }
    let after = after.trim_start_matches(QUOTES).trim_start().strip_prefix(':')?;
    let after = after.trim_start().trim_start_matches(QUOTES);
    let end = after
        .find(|symbol: char| !symbol.is_ascii_digit())
        .unwrap_or(after.len());
    let (digits, rest) = after.split_at(end);
    let rest = rest.trim_start_matches(QUOTES).trim_start();
    if digits.len() != 3 || !rest.starts_with([',', '}']) {
        return None;
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_is_parsed_leniently() {
        for text in [
            r#"{"statusCode": 200}"#,
            r#"{"statusCode": "200"}"#,
            r#" { "statusCode" : 200, "x": 1 } "#,
            "{ statusCode: 200 }",
            "{statusCode:200}",
            "{'statusCode': 200}",
            "{ \"a\": 1, statusCode: 200 }",
        ] {
            assert_eq!(status(text.as_bytes()), Some(200), "{text}");
        }
    }

    #[test]
    fn missing_or_illegal_status_is_none() {
        for text in [
            "",
            "{}",
            "200",
            "[200]",
            r#"{"statusCode": 99}"#,
            r#"{"statusCode": 600}"#,
            r#"{"statusCode": null}"#,
            r#"{"statusCode": 20.5}"#,
            r#"{"status": 200}"#,
            "{ statusCode: 2000 }",
            "{ statusCode: ok }",
            "{ mystatusCode: 200 }",
            "{ a statusCode: 200 }",
            "statusCode: 200",
        ] {
            assert_eq!(status(text.as_bytes()), None, "{text}");
        }
    }
}
