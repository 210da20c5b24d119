//! `AWS_PROXY`: the whole request is the function's event, and what it returns is the response.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>

pub(crate) mod event;
pub(crate) mod http_event;
mod http_response;
mod response;

use std::collections::BTreeMap;

use portcullis_model::{Problem, resources::apigateway::Integration as IntegrationModel};

use super::{
    Answer,
    function::{self, Function},
};
use crate::{
    decision::Reason,
    exchange::Exchange,
    gateway::Worker,
    mapping::content_handling::{BinaryTypes, ContentHandling},
    refusal::{Refusal, RefusalKind},
};

/// A function that gets requests whole.
pub(crate) struct LambdaProxy {
    function: Function,
    binary: BinaryTypes,
    format: Format,
}

/// How request and answer are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    /// As REST APIs have it.
    Rest,
    /// Payload format 1.0 of HTTP APIs, whose bodies tell themselves whether they are binary.
    Http1,
    /// Payload format 2.0 of HTTP APIs.
    Http2,
}

impl LambdaProxy {
    /// Compiles what `integration` says.
    pub(crate) fn compile(
        integration: &IntegrationModel,
        binary: &BinaryTypes,
        variables: &BTreeMap<String, String>,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        for (field, given) in [
            ("requestTemplates", !integration.request_templates.is_empty()),
            ("requestParameters", !integration.request_parameters.is_empty()),
        ] {
            if given {
                problems.push(Problem::error(
                    None,
                    format!("{path}: integration/{field}"),
                    "`AWS_PROXY` gives the function the request as it is: mappings would have no effect",
                ));
            }
        }
        // AWS's console writes `CONVERT_TO_TEXT` here; an event is text anyway.
        if ContentHandling::parse(integration.content_handling.as_deref())
            == Ok(Some(ContentHandling::ToBinary))
        {
            problems.push(Problem::error(
                None,
                format!("{path}: integration/contentHandling"),
                "an event is text: `CONVERT_TO_BINARY` would have no effect",
            ));
        }
        let function = Function::compile(integration, variables, path, problems)?;
        Some(Self {
            function,
            binary: binary.clone(),
            format: Format::Rest,
        })
    }

    /// Returns it with a payload format of HTTP APIs; the error says why `version` is none.
    pub(crate) fn of_http_api(self, version: &str) -> Result<Self, String> {
        let format = match version {
            "1.0" => Format::Http1,
            "2.0" => Format::Http2,
            other => return Err(format!("`{other}` is no payload format: use `1.0` or `2.0`")),
        };
        Ok(Self { format, ..self })
    }

    /// Invokes the function with the request and makes its answer the response.
    pub(crate) async fn call(
        &self,
        exchange: &Exchange,
        worker: &Worker,
    ) -> Result<(Answer, Reason), Refusal> {
        let headers = &exchange.request().headers;
        let event = match self.format {
            Format::Rest => event::render(exchange, self.binary.hold(headers.text("content-type"))),
            Format::Http1 => http_event::render_1(exchange),
            Format::Http2 => http_event::render(exchange),
        };
        let answer = self.function.invoke(exchange, event, worker).await?;
        let malformed = |cause: String| Refusal::new(RefusalKind::MalformedAnswer, cause);
        if answer.error.is_some() {
            return Err(malformed(function::failed(&answer.payload)));
        }
        let parsed = match self.format {
            Format::Rest => response::parse(&answer.payload, self.binary.hold(headers.text("accept"))),
            // Bytes are what the function says they are: there are no binary media types.
            Format::Http1 => response::parse(&answer.payload, true),
            Format::Http2 => http_response::parse(&answer.payload),
        };
        let response =
            parsed.map_err(|cause| malformed(format!("the function's answer is malformed: {cause}")))?;
        Ok((Answer::Proxied(response), (&self.function.reason).into()))
    }
}
