//! Refusals of a REST API: AWS's gateway responses, customised by the API or built in.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html>

use std::collections::BTreeMap;

use bytes::Bytes;
use portcullis_engines::gateway_template::GatewayTemplate;
use portcullis_firewall::BlockResponse;
use portcullis_model::{HeaderList, Problem, resources::apigateway::GatewayResponse};

use crate::{
    exchange::Exchange,
    http::{Body, Response},
    mapping::{
        context_variables,
        expression::{Scope, Side},
        request::Parameter,
        response::{header_parameter, set_headers},
        template::{JSON, View},
    },
    refusal::{Refusal, RefusalKind},
};

use super::facts::facts;

/// The kinds that an API can customise, each by the name of its type.
const CUSTOMISABLE: [RefusalKind; 19] = [
    RefusalKind::AccessDenied,
    RefusalKind::ApiConfigurationError,
    RefusalKind::AuthorizerConfigurationError,
    RefusalKind::AuthorizerFailure,
    RefusalKind::BadRequestBody,
    RefusalKind::BadRequestParameters,
    RefusalKind::ExpiredToken,
    RefusalKind::IntegrationFailure,
    RefusalKind::IntegrationTimeout,
    RefusalKind::InvalidApiKey,
    RefusalKind::InvalidSignature,
    RefusalKind::MissingAuthenticationToken,
    RefusalKind::QuotaExceeded,
    RefusalKind::RequestTooLarge,
    RefusalKind::ResourceNotFound,
    RefusalKind::Throttled,
    RefusalKind::Unauthorized,
    RefusalKind::UnsupportedMediaType,
    RefusalKind::WafFiltered,
];

/// What an API customises.
#[derive(Default)]
pub(crate) struct GatewayResponses {
    own: BTreeMap<RefusalKind, Custom>,
    default_4xx: Option<Custom>,
    default_5xx: Option<Custom>,
}

struct Custom {
    status: Option<u16>,
    headers: Vec<Parameter>,
    templates: Vec<(Box<str>, GatewayTemplate)>,
}

impl GatewayResponses {
    /// Compiles the customised answers of an API.
    pub(crate) fn compile(
        responses: &[GatewayResponse],
        variables: &BTreeMap<String, String>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut compiled = Self::default();
        for response in responses {
            let name = response.response_type.as_str();
            let custom = Custom::compile(response, variables, problems);
            match name {
                "DEFAULT_4XX" => compiled.default_4xx = Some(custom),
                "DEFAULT_5XX" => compiled.default_5xx = Some(custom),
                _ => match CUSTOMISABLE
                    .iter()
                    .find(|kind| facts(**kind).response_type == name)
                {
                    Some(kind) => {
                        compiled.own.insert(*kind, custom);
                    }
                    None => problems.push(Problem::error(
                        None,
                        format!("gatewayResponses/{name}/responseType"),
                        format!("`{name}` is no type of gateway response"),
                    )),
                },
            }
        }
        compiled
    }

    /// Returns what stands for `kind`: its own customisation, else the default of its class.
    fn find(&self, kind: RefusalKind) -> Option<&Custom> {
        if kind == RefusalKind::Forbidden {
            // It precedes the stage: nothing of the API may shape it.
            return None;
        }
        let default = if facts(kind).status < 500 {
            &self.default_4xx
        } else {
            &self.default_5xx
        };
        let kind = match kind {
            RefusalKind::IncompleteSignature | RefusalKind::UnrecognizedClient => {
                RefusalKind::InvalidSignature
            }
            other => other,
        };
        self.own.get(&kind).or(default.as_ref())
    }
}

impl Custom {
    fn compile(
        response: &GatewayResponse,
        variables: &BTreeMap<String, String>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let path = format!("gatewayResponses/{}", response.response_type);
        let mut refuse = |field: String, message: String| {
            problems.push(Problem::error(None, format!("{path}/{field}"), message));
        };
        let status = response.status_code.as_deref().and_then(|code| {
            let status = code
                .parse::<u16>()
                .ok()
                .filter(|status| (200..600).contains(status));
            if status.is_none() {
                refuse(
                    "statusCode".into(),
                    format!("`{code}` is no status from 200 to 599"),
                );
            }
            status
        });
        let mut headers = Vec::new();
        for (target, source) in &response.response_parameters {
            let parameter = match target.strip_prefix("gatewayresponse.header.") {
                Some(name) if !name.is_empty() => {
                    header_parameter(name, source, Side::GatewayResponse, variables)
                }
                _ => Err(format!(
                    "`{target}` is no target: use `gatewayresponse.header.NAME`"
                )),
            };
            match parameter {
                Ok(parameter) => headers.push(parameter),
                Err(message) => refuse(format!("responseParameters/{target}"), message),
            }
        }
        let mut templates = Vec::new();
        for (media_type, text) in &response.response_templates {
            match GatewayTemplate::parse(text) {
                Ok(template) => templates.push((media_type.to_ascii_lowercase().into(), template)),
                Err(cause) => refuse(format!("responseTemplates/{media_type}"), cause.to_string()),
            }
        }
        Self {
            status,
            headers,
            templates,
        }
    }

    /// Returns the template for the first media type that the caller accepts, else JSON's, else the first.
    fn template(&self, accept: Option<&str>) -> Option<(&str, &GatewayTemplate)> {
        let first = accept
            .and_then(|accept| accept.split([',', ';']).next())
            .map(str::trim);
        let named = |wanted: &str| {
            self.templates
                .iter()
                .find(|(media_type, _)| media_type.eq_ignore_ascii_case(wanted))
        };
        first
            .and_then(named)
            .or_else(|| named(JSON))
            .or_else(|| self.templates.first())
            .map(|(media_type, template)| (media_type.as_ref(), template))
    }
}

/// Renders a refusal as the API's stage would have it.
pub(crate) fn render(exchange: &Exchange, refusal: &Refusal) -> Response {
    if let Some(own) = refusal.response() {
        return render_own(own);
    }
    let facts = facts(refusal.kind());
    let custom = exchange
        .stage()
        .and_then(|stage| stage.gateway_responses.find(refusal.kind()));
    let mut headers = HeaderList::with_capacity(6);
    let accept = exchange.request().headers.text("accept");
    let template = custom.and_then(|custom| custom.template(accept));
    let (media_type, body) = match template {
        Some((media_type, template)) => {
            let view = View::new(exchange, Some(refusal), &[]);
            (
                Bytes::copy_from_slice(media_type.as_bytes()),
                Bytes::from(template.render(&view)),
            )
        }
        None => (
            Bytes::from_static(JSON.as_bytes()),
            default_body(exchange, refusal),
        ),
    };
    headers.push("Content-Type", media_type);
    headers.push("x-amzn-ErrorType", facts.error_type);
    if let Some(custom) = custom {
        let scope = Scope {
            exchange,
            answer: None,
            refusal: Some(refusal),
        };
        // A value that no header can carry is left out: the refusal itself must stand.
        let mut mapped = headers.clone();
        if set_headers(&mut mapped, &custom.headers, scope).is_ok() {
            headers = mapped;
        }
    }
    Response {
        status: custom.and_then(|custom| custom.status).unwrap_or(facts.status),
        headers,
        body: if body.is_empty() {
            Body::Empty
        } else {
            Body::Full(body)
        },
    }
}

/// Renders the answer that a firewall rule defines: it takes precedence over what the API customises.
pub(crate) fn render_own(own: &BlockResponse) -> Response {
    let mut headers = HeaderList::with_capacity(own.headers.len() + 3);
    if let Some((media_type, _)) = own.body {
        headers.push("Content-Type", media_type);
    }
    for (name, value) in &own.headers {
        headers.set(name, value);
    }
    Response {
        status: own.status,
        headers,
        body: match &own.body {
            Some((_, content)) => Body::Full(Bytes::copy_from_slice(content.as_bytes())),
            None => Body::Empty,
        },
    }
}

/// AWS's default template: `{"message":$context.error.messageString}`.
fn default_body(exchange: &Exchange, refusal: &Refusal) -> Bytes {
    // What strangers meet most needs no formatting.
    if refusal.message().is_none() {
        match refusal.kind() {
            RefusalKind::Unauthorized => return Bytes::from_static(br#"{"message":"Unauthorized"}"#),
            RefusalKind::Forbidden => return Bytes::from_static(br#"{"message":"Forbidden"}"#),
            _ => {}
        }
    }
    let message = context_variables::variable(exchange, Some(refusal), &["error", "messageString"]);
    // AWS's own texts for this kind stand under a capital letter; a template of the API's says `message` as it likes.
    let name = if refusal.kind() == RefusalKind::AccessDenied {
        "Message"
    } else {
        "message"
    };
    format!("{{\"{name}\":{}}}", message.unwrap_or_else(|| "null".into())).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_customisable_type_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = CUSTOMISABLE
            .iter()
            .map(|kind| facts(*kind).response_type)
            .collect();
        assert_eq!(names.len(), CUSTOMISABLE.len());
    }
}
