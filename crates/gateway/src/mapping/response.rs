//! Layer 9: from an integration's answer to the response: the integration response chosen, headers and body mapped.

use std::collections::BTreeMap;

use bytes::Bytes;
use portcullis_engines::{
    java_pattern,
    vtl::{Override, OverridePlace},
};
use portcullis_model::{
    HeaderList, Problem, is_token,
    resources::apigateway::{Integration, IntegrationResponse, IntegrationType, Method, MethodResponse},
};
use regex::Regex;

use super::{
    content_handling::{self, BinaryTypes, ContentHandling},
    expression::{AnswerParts, Expression, Scope, Side},
    request::Parameter,
    template::{self, JSON, Templates},
};
use crate::{
    decision::{Nothing, Reason, shown},
    exchange::Exchange,
    http::{Body, Response},
    integrations::Answer,
    refusal::{Refusal, RefusalKind},
    snapshot::methods::MethodSnapshot,
};

const CONTENT_LENGTH: &str = "content-length";

/// How a method's integration answers become responses. Empty for proxies, which pass answers through.
#[derive(Default)]
pub(crate) struct ResponseMapping {
    choices: Vec<Choice>,
    binary: BinaryTypes,
}

struct Choice {
    status: u16,
    /// Must match the whole of what the integration says; none on a default.
    pattern: Option<Regex>,
    headers: Vec<Parameter>,
    templates: Templates,
    handling: Option<ContentHandling>,
    reason: std::sync::Arc<str>,
}

impl ResponseMapping {
    /// Compiles the integration responses of `method`.
    pub(crate) fn compile(
        method: &Method,
        integration: &Integration,
        binary: &BinaryTypes,
        variables: &BTreeMap<String, String>,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let responses = &integration.integration_responses;
        let kind = integration.integration_type;
        let passes_through = matches!(kind, IntegrationType::HttpProxy | IntegrationType::AwsProxy);
        if passes_through {
            for (code, response) in responses {
                if !response.response_parameters.is_empty()
                    || !response.response_templates.is_empty()
                    || response.content_handling.as_deref() == Some("CONVERT_TO_BINARY")
                {
                    problems.push(Problem::error(
                        None,
                        format!("{path}: integration/integrationResponses/{code}"),
                        "a proxy passes answers through: parameters and templates would have no effect",
                    ));
                }
            }
        }
        if passes_through {
            return Self::default();
        }
        if responses.is_empty() {
            problems.push(Problem::error(
                None,
                format!("{path}: integration/integrationResponses"),
                "there is none, so every call would fail: add one for `200`",
            ));
        }
        let compile = |(code, response): (&String, &IntegrationResponse)| {
            let path = format!("{path}: integration/integrationResponses/{code}");
            Choice::compile(method, response, variables, &path, problems)
        };
        Self {
            choices: responses.iter().filter_map(compile).collect(),
            binary: binary.clone(),
        }
    }

    /// Returns the first response whose pattern matches `said`, else the first default: the one with the lowest status.
    /// Where nothing was said it is a default: whether AWS tries patterns such as `.*` on success is not recorded.
    fn choose(&self, said: Option<&str>) -> Option<&Choice> {
        let matches = |choice: &&Choice| {
            let pattern = choice.pattern.as_ref().zip(said);
            pattern.is_some_and(|(pattern, said)| pattern.is_match(said))
        };
        let is_default = |choice: &&Choice| choice.pattern.is_none();
        let choices = &self.choices;
        choices
            .iter()
            .find(matches)
            .or_else(|| choices.iter().find(is_default))
    }
}

impl Choice {
    fn compile(
        method: &Method,
        response: &IntegrationResponse,
        variables: &BTreeMap<String, String>,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let before = problems.len();
        let mut refuse = |field: &str, message: String| {
            problems.push(Problem::error(None, format!("{path}/{field}"), message));
        };
        let code = &response.status_code;
        let status = code
            .parse::<u16>()
            .ok()
            .filter(|status| (200..600).contains(status));
        if status.is_none() {
            refuse("statusCode", format!("`{code}` is no status from 200 to 599"));
        }
        let handling = ContentHandling::parse(response.content_handling.as_deref())
            .map_err(|message| refuse("contentHandling", message))
            .ok();
        let declared = method.method_responses.get(code);
        if declared.is_none() {
            refuse(
                "statusCode",
                format!("the method has no method response `{code}`"),
            );
        }
        let pattern = response
            .selection_pattern
            .as_deref()
            .filter(|pattern| !pattern.is_empty());
        let pattern = pattern.and_then(|pattern| {
            // Java's `matches` wants the whole text.
            java_pattern::compile(pattern, true)
                .map_err(|cause| refuse("selectionPattern", cause.to_string()))
                .ok()
        });
        let headers = Self::headers(response, declared, variables, path, problems);
        let templates = Templates::compile(
            &response.response_templates,
            &[OverridePlace::ResponseHeader, OverridePlace::ResponseStatus],
            &format!("{path}/responseTemplates"),
            problems,
        );
        if problems.len() > before {
            return None;
        }
        Some(Self {
            status: status?,
            pattern,
            headers,
            templates,
            handling: handling?,
            reason: format!("integration response `{code}`").into(),
        })
    }

    /// Compiles what is mapped onto headers; each must be declared by the method response.
    fn headers(
        response: &IntegrationResponse,
        declared: Option<&MethodResponse>,
        variables: &BTreeMap<String, String>,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Vec<Parameter> {
        let mut headers = Vec::new();
        for (target, source) in &response.response_parameters {
            let mut refuse = |message: String| {
                let field = format!("{path}/responseParameters/{target}");
                problems.push(Problem::error(None, field, message));
            };
            let name = target
                .strip_prefix("method.response.header.")
                .filter(|name| !name.is_empty());
            let Some(name) = name else {
                refuse(format!(
                    "`{target}` is no target: use `method.response.header.NAME`"
                ));
                continue;
            };
            if declared.is_some_and(|declared| !declared.response_parameters.contains_key(target)) {
                let code = &response.status_code;
                refuse(format!(
                    "the method response `{code}` does not declare `{target}`"
                ));
            }
            match header_parameter(name, source, Side::Response, variables) {
                Ok(parameter) => headers.push(parameter),
                Err(message) => refuse(message),
            }
        }
        headers
    }
}

/// Parses a mapping onto a response header; framing and our own ids are not for mapping.
pub(crate) fn header_parameter(
    name: &str,
    source: &str,
    side: Side,
    variables: &BTreeMap<String, String>,
) -> Result<Parameter, String> {
    // The length of an answer is checked when it is there; a refusal's is ours alone.
    if side == Side::GatewayResponse && name.eq_ignore_ascii_case(CONTENT_LENGTH) {
        return Err(format!("the header `{name}` cannot be mapped"));
    }
    check_target(name)?;
    let expression = Expression::parse(source, side, variables)?;
    Ok(Parameter {
        name: name.into(),
        expression,
    })
}

/// Checks that a response header may be set at all.
fn check_target(name: &str) -> Result<(), String> {
    const OURS: [&str; 7] = [
        "connection",
        "keep-alive",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-amzn-requestid",
        "x-amz-apigw-id",
    ];
    if !is_token(name) || OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
        return Err(format!("the header `{}` cannot be mapped", shown(name)));
    }
    Ok(())
}

/// Makes the response of `method` from what its integration said.
pub(crate) fn apply(
    exchange: &Exchange,
    method: &MethodSnapshot,
    answer: Answer,
) -> Result<(Response, Reason), Refusal> {
    match answer {
        Answer::Proxied(response) => Ok((response, Reason::Nothing(Nothing::PassedThrough))),
        Answer::Mocked { status } => {
            // A mock's own answer is empty.
            let choice = choose(method, Some(&status.to_string()))?;
            Ok((
                render(exchange, choice, None, &method.backend.response.binary)?,
                (&choice.reason).into(),
            ))
        }
        Answer::Integrated { said, parts, .. } => {
            let choice = choose(method, said.as_deref())?;
            let response = render(exchange, choice, Some(&parts), &method.backend.response.binary)?;
            Ok((response, (&choice.reason).into()))
        }
    }
}

fn choose<'a>(method: &'a MethodSnapshot, said: Option<&str>) -> Result<&'a Choice, Refusal> {
    method.backend.response.choose(said).ok_or_else(|| {
        let said = said.map(shown);
        let said = said.as_deref().unwrap_or("an answer without an error");
        Refusal::new(
            RefusalKind::Internal,
            format!("no integration response matches `{said}`, and there is no default"),
        )
    })
}

fn render(
    exchange: &Exchange,
    choice: &Choice,
    answer: Option<&AnswerParts>,
    binary: &BinaryTypes,
) -> Result<Response, Refusal> {
    let mut headers = HeaderList::with_capacity(choice.headers.len() + 4);
    let accept = exchange.request().headers.text("accept");
    let own_type = answer.and_then(|answer| answer.headers.text("content-type"));
    let given = answer.map(|answer| answer.body.clone()).unwrap_or_default();
    let given =
        content_handling::of_response(choice.handling, binary.hold(own_type), binary.hold(accept), given)
            .map_err(|cause| Refusal::new(RefusalKind::Internal, cause))?;
    let mut overrides = Vec::new();
    let (media_type, body) = match choice.templates.suit(accept) {
        Some((media_type, template)) => {
            let rendered = template::render(template, exchange, &given)?;
            overrides = rendered.overrides;
            (
                Bytes::copy_from_slice(media_type.as_bytes()),
                Bytes::from(rendered.text),
            )
        }
        None => {
            let own = answer.and_then(|answer| answer.headers.get_bytes("content-type"));
            (own.unwrap_or_else(|| Bytes::from_static(JSON.as_bytes())), given)
        }
    };
    headers.push("Content-Type", media_type);
    let scope = Scope {
        exchange,
        answer,
        refusal: None,
    };
    set_headers(&mut headers, &choice.headers, scope)?;
    let status = override_response(&mut headers, choice.status, &overrides)?;
    check_length(&mut headers, body.len())?;
    Ok(Response {
        status,
        headers,
        body: if body.is_empty() {
            Body::Empty
        } else {
            Body::Full(body)
        },
    })
}

/// Sets what the template set of `$context.responseOverride`, which precedes what is mapped; returns the status.
fn override_response(headers: &mut HeaderList, status: u16, overrides: &[Override]) -> Result<u16, Refusal> {
    let refuse = |cause: String| Refusal::new(RefusalKind::Internal, cause);
    let mut status = status;
    for Override { place, name, value } in overrides {
        if *place == OverridePlace::ResponseStatus {
            let code = value.trim().parse().ok().filter(|code| (200..600).contains(code));
            status = code.ok_or_else(|| {
                refuse(format!(
                    "the template sets the status `{}`, which is none from 200 to 599",
                    shown(value)
                ))
            })?;
            continue;
        }
        check_target(name).map_err(refuse)?;
        if value.bytes().any(|byte| byte != b'\t' && byte.is_ascii_control()) {
            let cause = format!("the value for the header `{name}` holds a control character");
            return Err(refuse(cause));
        }
        headers.remove(name.as_bytes());
        headers.push(
            Bytes::copy_from_slice(name.as_bytes()),
            Bytes::copy_from_slice(value.as_bytes()),
        );
    }
    Ok(status)
}

/// A mapped length must be true, or the next answer on the connection would start in this one.
fn check_length(headers: &mut HeaderList, body_bytes: usize) -> Result<(), Refusal> {
    let wrong = headers
        .all(CONTENT_LENGTH)
        .any(|length| length != body_bytes.to_string().as_bytes());
    headers.remove(CONTENT_LENGTH.as_bytes());
    if wrong {
        let cause = format!("the mapped `Content-Length` is not that of the body, {body_bytes}");
        return Err(Refusal::new(RefusalKind::Internal, cause));
    }
    Ok(())
}

/// Sets mapped headers; an absent value sets none.
pub(crate) fn set_headers(
    headers: &mut HeaderList,
    parameters: &[Parameter],
    scope: Scope<'_>,
) -> Result<(), Refusal> {
    for Parameter { name, expression } in parameters {
        let mut first = true;
        for value in expression.evaluate(scope) {
            let value = value.header_value().ok_or_else(|| {
                Refusal::new(
                    RefusalKind::Internal,
                    format!("the value for the header `{name}` holds a control character"),
                )
            })?;
            if std::mem::take(&mut first) {
                headers.remove(name.as_bytes());
            }
            headers.push(
                Bytes::copy_from_slice(name.as_bytes()),
                Bytes::from(value.into_owned()),
            );
        }
    }
    Ok(())
}
