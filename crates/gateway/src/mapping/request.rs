//! The integration request: parameters mapped, the template chosen and rendered.

use std::collections::BTreeMap;

use bytes::Bytes;
use portcullis_engines::vtl::{Override, OverridePlace};
use portcullis_model::{
    Problem,
    resources::apigateway::{Integration, IntegrationType, PassthroughBehavior},
};

use super::{
    content_handling::{self, BinaryTypes, ContentHandling},
    expression::Expression,
    http_call::{HttpCall, MappedHeaders},
    parameter_mapping::ParameterMapping,
    template::{self, JSON, Templates, media_type_of},
};
use crate::{
    decision::{Nothing, Reason, shown},
    exchange::{BODY_BYTES_MAX, BodyNeed, Exchange},
    refusal::{Refusal, RefusalKind},
};

/// A parameter of the integration and where its value comes from.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: Box<str>,
    pub(crate) expression: Expression,
}

/// How a method's request becomes an integration's.
pub(crate) enum RequestMapping {
    /// A template makes what a mock or a call of AWS is given.
    Template(BodyMapping),
    /// The whole request is a function's event.
    Event,
    HttpProxy {
        call: HttpCall,
        /// What an HTTP API changes besides.
        changes: Option<Box<ParameterMapping>>,
    },
    /// A call of which only what is mapped goes out.
    Http { call: HttpCall, body: BodyMapping },
}

/// How the body is mapped.
pub(crate) struct BodyMapping {
    templates: Templates,
    passthrough: PassthroughBehavior,
    handling: Option<ContentHandling>,
    binary: BinaryTypes,
}

/// What an integration gets.
#[derive(Debug)]
pub(crate) enum Mapped {
    /// The text that says which status a mock answers, or what AWS is called with.
    Template {
        text: Bytes,
        /// What the template set of `$context.requestOverride`.
        overrides: Vec<Override>,
    },
    /// The request as it is.
    Event,
    /// Where a call goes, and the header fields that replace or join the caller's.
    HttpProxy {
        path_and_query: Vec<u8>,
        headers: MappedHeaders,
    },
    /// A call, and all that it carries.
    Http {
        path_and_query: Vec<u8>,
        headers: MappedHeaders,
        content: Box<Content>,
        /// What the template set of `$context.requestOverride`.
        overrides: Vec<Override>,
    },
}

/// The body of a call. On the heap: most calls have none of their own.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) body: Bytes,
    pub(crate) media_type: Bytes,
}

impl RequestMapping {
    /// Compiles what `integration` says about its request; none when there are problems.
    pub(crate) fn compile(
        integration: &Integration,
        resource_path: &str,
        binary: &BinaryTypes,
        variables: &BTreeMap<String, String>,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        const OVERRIDES: [OverridePlace; 3] = [
            OverridePlace::RequestHeader,
            OverridePlace::RequestPath,
            OverridePlace::RequestQueryString,
        ];
        let mut refuse = |field: &str, message: &str| {
            problems.push(Problem::error(
                None,
                format!("{path}: integration/{field}"),
                message,
            ));
        };
        match integration.integration_type {
            IntegrationType::Mock => {
                if !integration.request_parameters.is_empty() {
                    refuse("requestParameters", "a mock has no use for requestParameters");
                }
                // Nothing is called, but the response template may read what is overridden.
                let body = BodyMapping::compile(integration, &OVERRIDES, binary, path, problems);
                Some(Self::Template(body))
            }
            IntegrationType::Aws => {
                let body = BodyMapping::compile(integration, &[], binary, path, problems);
                Some(Self::Template(body))
            }
            IntegrationType::AwsProxy => Some(Self::Event),
            IntegrationType::HttpProxy => {
                if !integration.request_templates.is_empty() {
                    refuse(
                        "requestTemplates",
                        "`HTTP_PROXY` passes bodies through and applies no template",
                    );
                }
                if integration.content_handling.is_some() {
                    refuse(
                        "contentHandling",
                        "`HTTP_PROXY` passes bodies through as they are",
                    );
                }
                let call = HttpCall::compile(integration, resource_path, variables, path, problems)?;
                Some(Self::HttpProxy { call, changes: None })
            }
            IntegrationType::Http => {
                let body = BodyMapping::compile(integration, &OVERRIDES, binary, path, problems);
                let call = HttpCall::compile(integration, resource_path, variables, path, problems)?;
                Some(Self::Http { call, body })
            }
        }
    }

    /// Returns how much of the body the mapping must see.
    pub(crate) fn body_need(&self) -> BodyNeed {
        let whole = match self {
            Self::Template(body) => body.needs_body(),
            Self::Event => true,
            Self::HttpProxy { call, .. } => call.uses_body(),
            Self::Http { call, body } => call.uses_body() || body.needs_body(),
        };
        if whole {
            BodyNeed::Whole(BODY_BYTES_MAX)
        } else {
            BodyNeed::None
        }
    }
}

impl BodyMapping {
    fn compile(
        integration: &Integration,
        settable: &[OverridePlace],
        binary: &BinaryTypes,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let templates = Templates::compile(
            &integration.request_templates,
            settable,
            &format!("{path}: integration/requestTemplates"),
            problems,
        );
        let handling = ContentHandling::parse(integration.content_handling.as_deref());
        Self {
            templates,
            passthrough: integration.passthrough_behavior,
            handling: handling.unwrap_or_else(|message| {
                let field = format!("{path}: integration/contentHandling");
                problems.push(Problem::error(None, field, message));
                None
            }),
            binary: binary.clone(),
        }
    }

    /// Where no template matches, the body itself goes on.
    fn needs_body(&self) -> bool {
        self.passthrough == PassthroughBehavior::WhenNoMatch
            || self.templates.is_empty()
            || self.templates.use_body()
    }

    /// Makes the body: by the template for the request's media type, JSON's when it has none.
    fn map(&self, exchange: &Exchange) -> Result<(Rendered, Bytes, Reason), Refusal> {
        let named = exchange.request().headers.text("content-type");
        let media_type = named.unwrap_or(JSON);
        let body = content_handling::of_request(self.handling, self.binary.hold(named), exchange.body_read())
            .map_err(|cause| Refusal::new(RefusalKind::BadRequestBody, cause))?;
        if let Some(template) = self.templates.find(media_type) {
            let rendered = template::render(template, exchange, &body)?;
            let text = Bytes::from(rendered.text);
            let rendered = Rendered {
                body: text,
                overrides: rendered.overrides,
            };
            let media_type = Bytes::from(media_type_of(media_type).into_owned());
            return Ok((rendered, media_type, "request template rendered".into()));
        }
        let passes = match self.passthrough {
            PassthroughBehavior::WhenNoMatch => true,
            PassthroughBehavior::WhenNoTemplates => self.templates.is_empty(),
            PassthroughBehavior::Never => false,
        };
        if !passes {
            return Err(Refusal::new(
                RefusalKind::UnsupportedMediaType,
                format!(
                    "no request template for `{}`, and the body may not pass through",
                    shown(media_type)
                ),
            ));
        }
        let rendered = Rendered {
            body,
            overrides: Vec::new(),
        };
        let media_type = Bytes::copy_from_slice(media_type.as_bytes());
        Ok((
            rendered,
            media_type,
            "no request template, body passed through".into(),
        ))
    }
}

/// A mapped body.
struct Rendered {
    body: Bytes,
    overrides: Vec<Override>,
}

/// Maps the request of `exchange`.
pub(crate) fn map(exchange: &Exchange, mapping: &RequestMapping) -> Result<(Mapped, Reason), Refusal> {
    match mapping {
        RequestMapping::Template(body) => {
            let (rendered, _, reason) = body.map(exchange)?;
            let mapped = Mapped::Template {
                text: rendered.body,
                overrides: rendered.overrides,
            };
            Ok((mapped, reason))
        }
        RequestMapping::Event => Ok((Mapped::Event, "passed through as an event".into())),
        RequestMapping::HttpProxy { call, changes } => {
            let (mut path_and_query, mut headers) = call.map(exchange, &[], true)?;
            if let Some(changes) = changes {
                changes.apply(exchange, &mut path_and_query, &mut headers)?;
            }
            let reason = if changes.is_none() && call.maps_nothing() {
                Reason::Nothing(Nothing::NoParameter)
            } else {
                "passed through, parameters mapped".into()
            };
            let mapped = Mapped::HttpProxy {
                path_and_query,
                headers,
            };
            Ok((mapped, reason))
        }
        RequestMapping::Http { call, body } => {
            let (rendered, media_type, reason) = body.map(exchange)?;
            let (path_and_query, headers) = call.map(exchange, &rendered.overrides, false)?;
            let mapped = Mapped::Http {
                path_and_query,
                headers,
                content: Box::new(Content {
                    body: rendered.body,
                    media_type,
                }),
                overrides: rendered.overrides,
            };
            Ok((mapped, reason))
        }
    }
}
