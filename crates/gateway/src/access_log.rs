//! Access logs: one line an exchange, in the format of its stage.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html> and the page "Variables for access
//! logging for API Gateway". A variable that does not exist or has no value is `-`. Values are escaped as the inside of a JSON
//! string, whatever the format is: nobody can forge a line, or end a text that the format has opened.

use std::{borrow::Cow, fmt::Write, sync::Arc};

use portcullis_model::{Problem, Scope, resources::apigateway::AccessLogSettings, trail::Outcome};

use crate::{
    decision::LayerName,
    exchange::Exchange,
    mapping::context_variables,
    refusal::{Refusal, RefusalKind},
    trail::CompactStep,
};

/// The longest format, in characters, as AWS has it.
const FORMAT_CHARS_MAX: usize = 3_000;
/// The longest name of a log group, in bytes, a slash counted as three: it becomes the name of a file.
const LOG_GROUP_NAME_BYTES_MAX: usize = 240;
/// The longest line, in bytes, as AWS's log events have it. A value that does not fit any more is `-`.
const LINE_BYTES_MAX: usize = 262_144;

const ABSENT: &str = "-";
const VARIABLE: &str = "$context.";

/// Where the lines of a stage go, and what they are made of.
pub(crate) struct AccessLog {
    pub(crate) log_group: Arc<str>,
    /// Where the lines of the stage's canary go too.
    pub(crate) canary_log_group: Arc<str>,
    parts: Box<[Part]>,
}

enum Part {
    Text(Box<str>),
    /// The words after `$context.`
    Variable(Box<[Box<str>]>),
}

/// What only the end of an exchange knows.
pub(crate) struct Facts<'a> {
    pub(crate) refusal: Option<&'a Refusal>,
    pub(crate) status: u16,
    pub(crate) response_bytes: Option<u64>,
    pub(crate) integration_status: Option<u16>,
    pub(crate) integration_latency_ms: Option<u64>,
    pub(crate) steps: &'a [CompactStep],
}

/// Returns the layers that let on what they would have refused, and with `Refuse` the one that did not; ours, not AWS's.
fn layers_that(steps: &[CompactStep], outcome: Outcome) -> Option<Cow<'static, str>> {
    let mut layers = steps.iter().filter(|step| step.outcome == outcome);
    let first = layers.next()?.layer.as_str();
    Some(layers.fold(first.into(), |all, step| {
        format!("{all},{}", step.layer.as_str()).into()
    }))
}

impl AccessLog {
    /// Compiles what a stage says; none where it says nothing, or something wrong.
    pub(crate) fn compile(
        settings: Option<&AccessLogSettings>,
        scope: &Scope,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let settings = settings?;
        let mut refuse = |field: &str, message: String| {
            problems.push(Problem::error(
                None,
                format!("accessLogSettings/{field}"),
                message,
            ));
        };
        let parts = parse(&settings.format)
            .map_err(|message| refuse("format", message))
            .ok();
        let log_group = log_group(&settings.destination_arn, scope)
            .map_err(|message| refuse("destinationArn", message))
            .ok();
        let log_group = log_group?;
        Some(Self {
            canary_log_group: format!("{log_group}/Canary").into(),
            log_group,
            parts: parts?,
        })
    }

    /// Renders the line of an exchange, without an end of line.
    pub(crate) fn render(&self, exchange: &Exchange, facts: &Facts<'_>) -> String {
        self.fill(|path| value(exchange, facts, path))
    }

    fn fill<'a>(&self, find: impl Fn(&[&str]) -> Option<Cow<'a, str>>) -> String {
        let mut line = String::with_capacity(512);
        for part in &self.parts {
            match part {
                Part::Text(text) => line.push_str(text),
                Part::Variable(path) => {
                    let path: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
                    let before = line.len();
                    match find(&path) {
                        Some(value) if !value.is_empty() => escape(&mut line, &value, is_json(&path)),
                        _ => line.push_str(ABSENT),
                    }
                    if line.len() > LINE_BYTES_MAX {
                        line.truncate(before);
                        line.push_str(ABSENT);
                    }
                }
            }
        }
        line
    }
}

/// Returns the name of the log group, or what is wrong with its ARN.
fn log_group(arn: &str, scope: &Scope) -> Result<Arc<str>, String> {
    if arn.is_empty() {
        return Err("is missing: a format needs a log group to write to".into());
    }
    if arn.starts_with("arn:aws:firehose:") {
        return Err("delivery streams of Firehose are not supported: name a log group".into());
    }
    let prefix = format!("arn:aws:logs:{}:{}:log-group:", scope.region, scope.account);
    let name = arn
        .strip_prefix(&prefix)
        .ok_or_else(|| format!("`{arn}` is no log group of this account and region: write `{prefix}NAME`"))?;
    let name = name.strip_suffix(":*").unwrap_or(name);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-/.#".contains(&byte);
    let slashes = name.bytes().filter(|byte| *byte == b'/').count();
    if name.is_empty() || !name.bytes().all(fits) || name.len() + 2 * slashes > LOG_GROUP_NAME_BYTES_MAX {
        return Err(format!(
            "`{name}` names no log group: use 1 to {LOG_GROUP_NAME_BYTES_MAX} letters, digits and `_-/.#`, a slash counted as three"
        ));
    }
    Ok(name.into())
}

/// Reads a format, or says what is wrong with it.
fn parse(format: &str) -> Result<Box<[Part]>, String> {
    if format.is_empty() {
        return Err("is missing: a log group needs a format of its lines".into());
    }
    if format.chars().count() > FORMAT_CHARS_MAX {
        return Err(format!("is longer than {FORMAT_CHARS_MAX} characters"));
    }
    if format.chars().any(breaks_lines) {
        return Err("must be a single line without control characters".into());
    }
    let mut parts = Vec::new();
    let mut rest = format;
    let text = |text: &str| Part::Text(text.into());
    while let Some((before, after)) = rest.split_once(VARIABLE) {
        parts.push(text(before));
        let (path, behind) = read_path(after);
        parts.push(if path.is_empty() {
            text(VARIABLE)
        } else {
            Part::Variable(path.into())
        });
        rest = behind;
    }
    parts.push(text(rest));
    let names = |part: &Part, name: &str| matches!(part, Part::Variable(path) if path.iter().map(AsRef::as_ref).eq([name]));
    if !parts
        .iter()
        .any(|part| names(part, "requestId") || names(part, "extendedRequestId"))
    {
        return Err("must contain `$context.requestId` or `$context.extendedRequestId`".into());
    }
    Ok(parts.into())
}

/// Reads the words of a variable, and returns them with what stands behind.
fn read_path(text: &str) -> (Vec<Box<str>>, &str) {
    let mut path = Vec::new();
    let mut rest = text;
    loop {
        let word = match (path.is_empty(), rest.strip_prefix('.')) {
            (true, _) => rest,
            (false, Some(word)) => word,
            (false, None) => return (path, rest),
        };
        let end = word
            .find(|char: char| !char.is_ascii_alphanumeric() && !"_-".contains(char))
            .unwrap_or(word.len());
        let (word, behind) = word.split_at(end);
        if word.is_empty() {
            return (path, rest);
        }
        path.push(word.into());
        rest = behind;
    }
}

fn value<'a>(exchange: &'a Exchange, facts: &Facts<'a>, path: &[&str]) -> Option<Cow<'a, str>> {
    let number = |number: Option<u64>| number.map(|number| number.to_string().into());
    match path {
        ["status"] => number(Some(facts.status.into())),
        ["responseLatency"] => {
            let elapsed = exchange.started_at().elapsed();
            Some(elapsed.as_millis().to_string().into())
        }
        ["responseLength"] => number(facts.response_bytes),
        // A function's own status and that of calling it are one here.
        ["integration", "status" | "integrationStatus"] | ["integrationStatus"] => {
            number(facts.integration_status.map(u64::from))
        }
        ["integration", "error"] | ["integrationErrorMessage"] => {
            let step = step_of(facts, LayerName::Integration)?;
            (step.outcome == Outcome::Refuse).then(|| step.reason.text())
        }
        [
            phase @ ("authenticate" | "authorize" | "authorizer"),
            name @ ("status" | "latency" | "error"),
        ] => {
            let step = asked(exchange, facts, phase)?;
            let is_refusal = step.outcome == Outcome::Refuse;
            match *name {
                "latency" => number(Some(step.elapsed_ns / 1_000_000)),
                "status" => number(Some(if is_refusal { facts.status.into() } else { 200 })),
                _ => is_refusal.then(|| step.reason.text()),
            }
        }
        ["integration", "latency"] | ["integrationLatency"] => number(facts.integration_latency_ms),
        ["portcullis", "observed"] => layers_that(facts.steps, Outcome::ObserveRefuse),
        ["portcullis", "refusedBy"] => layers_that(facts.steps, Outcome::Refuse),
        // The value of a key is a secret; `identity.apiKeyId` names it.
        ["identity", "apiKey"] => None,
        _ => context_variables::variable(exchange, facts.refusal, path),
    }
}

fn step_of<'a>(facts: &Facts<'a>, layer: LayerName) -> Option<&'a CompactStep> {
    facts.steps.iter().find(|step| step.layer == layer)
}

/// Returns the authorizer's step where it says something of a phase: signatures are authenticated, then authorized by
/// policies; every other way of asking who calls is an authorizer.
fn asked<'a>(exchange: &Exchange, facts: &Facts<'a>, phase: &str) -> Option<&'a CompactStep> {
    let authorization = &exchange.known_method()?.authorization;
    let step = step_of(facts, LayerName::Authorizer)?;
    let was_denied = facts
        .refusal
        .is_some_and(|refusal| refusal.kind() == RefusalKind::AccessDenied);
    let fits = match phase {
        "authorizer" => !authorization.is_open() && !authorization.is_iam(),
        // Who was denied had been recognised: that it was so has no step of its own.
        "authenticate" => authorization.is_iam() && !was_denied,
        _ => authorization.is_iam() && (was_denied || step.outcome != Outcome::Refuse),
    };
    fits.then_some(step)
}

/// Tells whether a variable is written as JSON already: with quotes of its own, or for the inside of a text.
fn is_json(path: &[&str]) -> bool {
    matches!(path, ["error", "messageString" | "validationErrorString"])
}

fn escape(line: &mut String, value: &str, is_json: bool) {
    for char in value.chars() {
        match char {
            '"' | '\\' if !is_json => line.extend(['\\', char]),
            _ if breaks_lines(char) => drop(write!(line, "\\u{:04X}", u32::from(char))),
            _ => line.push(char),
        }
    }
}

/// Control characters, and what Unicode calls the end of a line or paragraph.
fn breaks_lines(char: char) -> bool {
    char.is_control() || matches!(char, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(format: &str, destination_arn: &str) -> Result<AccessLog, Vec<String>> {
        let settings = AccessLogSettings {
            destination_arn: destination_arn.into(),
            format: format.into(),
        };
        let mut problems = Vec::new();
        let scope = Scope::new("000000000000", "us-east-1");
        let compiled = AccessLog::compile(Some(&settings), &scope, &mut problems);
        compiled.ok_or_else(|| problems.iter().map(Problem::to_string).collect())
    }

    const ARN: &str = "arn:aws:logs:us-east-1:000000000000:log-group:/my/group";

    fn line(format: &str, user_agent: &str) -> String {
        compile(format, ARN).unwrap().fill(|path| match path {
            ["requestId"] => Some("r1".into()),
            ["identity", "userAgent"] => Some(user_agent.to_owned().into()),
            ["error", "messageString"] => Some(r#""no \"way\"""#.into()),
            _ => None,
        })
    }

    #[test]
    fn format_is_text_and_variables_and_what_is_unknown_is_a_dash() {
        assert_eq!(
            line(
                "$context.requestId. [$context.nope.x] $context. $other $context.identity.userAgent:1",
                "me"
            ),
            "r1. [-] $context. $other me:1"
        );
    }

    #[test]
    fn value_cannot_forge_a_line_or_end_a_text() {
        let line = line(
            r#"{"id":"$context.requestId","ua":"$context.identity.userAgent","error":$context.error.messageString}"#,
            "a\"}\r\n{\"id\":\"forged\\\u{85}\u{2028}",
        );
        assert_eq!(line.lines().count(), 1);
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["ua"], "a\"}\r\n{\"id\":\"forged\\\u{85}\u{2028}");
        assert_eq!(read["error"], "no \"way\"");
    }

    #[test]
    fn value_that_makes_the_line_too_long_is_a_dash() {
        let line = line(
            "$context.identity.userAgent $context.requestId",
            &"\n".repeat(LINE_BYTES_MAX / 6 + 1),
        );
        assert_eq!(line, "- r1");
    }

    #[test]
    fn log_group_is_one_of_this_account_and_region() {
        assert_eq!(
            &*compile("$context.requestId", ARN).ok().unwrap().log_group,
            "/my/group"
        );
        let all = format!("{ARN}:*");
        assert_eq!(
            &*compile("$context.requestId", &all).ok().unwrap().log_group,
            "/my/group"
        );
        for wrong in [
            "",
            "arn:aws:logs:us-east-1:111111111111:log-group:g",
            "arn:aws:logs:eu-west-1:000000000000:log-group:g",
            "arn:aws:logs:us-east-1:000000000000:log-group:",
            "arn:aws:logs:us-east-1:000000000000:log-group:a:log-stream:b",
            "arn:aws:logs:us-east-1:000000000000:log-group:a%2Fb",
            &format!("{ARN}{}", "/".repeat(80)),
        ] {
            let problems = compile("$context.requestId", wrong).err().unwrap();
            assert!(
                problems[0].contains("accessLogSettings/destinationArn"),
                "{wrong}: {problems:?}"
            );
        }
        let firehose = "arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-x";
        assert!(compile("$context.requestId", firehose).err().unwrap()[0].contains("Firehose"));
    }

    #[test]
    fn format_names_the_request_on_one_line() {
        let long = format!("$context.requestId{}", "x".repeat(FORMAT_CHARS_MAX));
        for wrong in [
            "",
            "$context.status",
            "$context.requestIds",
            "$context.requestId\nx",
            &long,
        ] {
            let problems = compile(wrong, ARN).err().unwrap();
            assert!(
                problems[0].contains("accessLogSettings/format"),
                "{wrong}: {problems:?}"
            );
        }
        assert!(compile("$context.extendedRequestId", ARN).is_ok());
    }
}
