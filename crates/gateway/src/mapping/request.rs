//! The integration request: parameters mapped, the template chosen and rendered.

use std::collections::BTreeMap;

use bytes::Bytes;
use portcullis_engines::vtl::{Override, OverridePlace};
use portcullis_model::{
    Problem,
    resources::apigateway::{Integration, IntegrationType, PassthroughBehavior},
};

use super::{
    expression::{Expression, Scope, Side},
    parameter_mapping::ParameterMapping,
    template::{self, JSON, Templates},
    uri::UriTemplate,
};
use crate::{
    decision::{Reason, shown},
    exchange::{BODY_BYTES_MAX, BodyNeed, Exchange},
    integrations::header_policy,
    refusal::{Refusal, RefusalKind},
    snapshot::router,
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
    Template {
        templates: Templates,
        passthrough: PassthroughBehavior,
    },
    /// The whole request is a function's event.
    Event,
    HttpProxy {
        paths: Vec<Parameter>,
        queries: Vec<Parameter>,
        headers: Vec<Parameter>,
        uri: UriTemplate,
        /// What an HTTP API changes besides.
        changes: Option<Box<ParameterMapping>>,
    },
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
        headers: Vec<(Bytes, Vec<Bytes>)>,
    },
}

impl RequestMapping {
    /// Compiles what `integration` says about its request; none when there are problems.
    pub(crate) fn compile(
        integration: &Integration,
        resource_path: &str,
        variables: &BTreeMap<String, String>,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        match integration.integration_type {
            IntegrationType::Mock => {
                let path = format!("{path}: integration/requestTemplates");
                if !integration.request_parameters.is_empty() {
                    problems.push(Problem::error(
                        None,
                        &path,
                        "a mock has no use for requestParameters",
                    ));
                }
                // Nothing is called, but the response template may read them.
                let settable = [
                    OverridePlace::RequestHeader,
                    OverridePlace::RequestPath,
                    OverridePlace::RequestQueryString,
                ];
                Some(Self::template(integration, &settable, &path, problems))
            }
            IntegrationType::Aws => {
                let path = format!("{path}: integration/requestTemplates");
                Some(Self::template(integration, &[], &path, problems))
            }
            IntegrationType::AwsProxy => Some(Self::Event),
            IntegrationType::HttpProxy => {
                compile_http_proxy(integration, resource_path, variables, path, problems)
            }
            IntegrationType::Http => None,
        }
    }

    fn template(
        integration: &Integration,
        settable: &[OverridePlace],
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Self {
        Self::Template {
            templates: Templates::compile(&integration.request_templates, settable, path, problems),
            passthrough: integration.passthrough_behavior,
        }
    }

    /// Returns how much of the body the mapping must see.
    pub(crate) fn body_need(&self) -> BodyNeed {
        match self {
            // Where no template matches, the body itself goes on, see `map_by_template`.
            Self::Template {
                templates,
                passthrough,
            } if *passthrough == PassthroughBehavior::WhenNoMatch
                || templates.is_empty()
                || templates.use_body() =>
            {
                BodyNeed::Whole(BODY_BYTES_MAX)
            }
            Self::Event => BodyNeed::Whole(BODY_BYTES_MAX),
            Self::Template { .. } | Self::HttpProxy { .. } => BodyNeed::None,
        }
    }
}

fn compile_http_proxy(
    integration: &Integration,
    resource_path: &str,
    variables: &BTreeMap<String, String>,
    path: &str,
    problems: &mut Vec<Problem>,
) -> Option<RequestMapping> {
    let mut refuse = |field: &str, message: String| {
        problems.push(Problem::error(
            None,
            format!("{path}: integration/{field}"),
            message,
        ));
    };
    if !integration.request_templates.is_empty() {
        refuse(
            "requestTemplates",
            "`HTTP_PROXY` passes bodies through and applies no template".into(),
        );
    }
    let (mut paths, mut queries, mut headers) = (Vec::new(), Vec::new(), Vec::new());
    for (target, source) in &integration.request_parameters {
        match compile_parameter(target, source, resource_path, variables) {
            Ok((Place::Path, parameter)) => paths.push(parameter),
            Ok((Place::Query, parameter)) => queries.push(parameter),
            Ok((Place::Header, parameter)) => headers.push(parameter),
            Err(message) => refuse(&format!("requestParameters/{target}"), message),
        }
    }
    let uri = UriTemplate::compile(integration.uri.as_deref().unwrap_or_default(), variables);
    let uri = uri.map_err(|message| refuse("uri", message)).ok()?;
    for name in uri.parameters() {
        if !paths.iter().any(|parameter| *parameter.name == *name) {
            refuse(
                "uri",
                format!(
                    "`{{{name}}}` has no value: map `integration.request.path.{name}` in requestParameters"
                ),
            );
        }
    }
    Some(RequestMapping::HttpProxy {
        paths,
        queries,
        headers,
        uri,
        changes: None,
    })
}

/// Where a mapped parameter goes.
enum Place {
    Path,
    Query,
    Header,
}

fn compile_parameter(
    target: &str,
    source: &str,
    resource_path: &str,
    variables: &BTreeMap<String, String>,
) -> Result<(Place, Parameter), String> {
    let expression = Expression::parse(source, Side::Request, variables)?;
    if let Expression::Path(name) = &expression
        && !router::parameter_names(resource_path)
            .iter()
            .any(|known| **known == **name)
    {
        return Err(format!("the path `{resource_path}` has no parameter `{name}`"));
    }
    let rest = target.strip_prefix("integration.request.");
    let (place, name) = match rest.and_then(|rest| rest.split_once('.')) {
        Some(("path", name)) => (Place::Path, name),
        Some(("querystring", name)) => (Place::Query, name),
        Some(("header", name)) => {
            header_policy::check_mapped(name)?;
            (Place::Header, name)
        }
        _ => {
            return Err(format!(
                "`{target}` is no target: use `integration.request.{{path,querystring,header}}.NAME`"
            ));
        }
    };
    let name = name.into();
    Ok((place, Parameter { name, expression }))
}

/// Maps the request of `exchange`.
pub(crate) fn map(exchange: &Exchange, mapping: &RequestMapping) -> Result<(Mapped, Reason), Refusal> {
    match mapping {
        RequestMapping::Template {
            templates,
            passthrough,
        } => map_by_template(exchange, templates, *passthrough),
        RequestMapping::Event => Ok((Mapped::Event, "passed through as an event".into())),
        RequestMapping::HttpProxy {
            paths,
            queries,
            headers,
            uri,
            changes,
        } => {
            let scope = Scope {
                exchange,
                answer: None,
                refusal: None,
            };
            let mut path_and_query = uri.render(paths, queries, scope)?;
            let mut headers = map_headers(headers, scope)?;
            if let Some(changes) = changes {
                changes.apply(exchange, &mut path_and_query, &mut headers)?;
            }
            let mapped = Mapped::HttpProxy {
                path_and_query,
                headers,
            };
            Ok((mapped, "passed through, parameters mapped".into()))
        }
    }
}

/// Chooses by the request's media type; JSON when it has none.
fn map_by_template(
    exchange: &Exchange,
    templates: &Templates,
    passthrough: PassthroughBehavior,
) -> Result<(Mapped, Reason), Refusal> {
    let media_type = exchange.request().headers.text("content-type").unwrap_or(JSON);
    if let Some(template) = templates.find(media_type) {
        let rendered = template::render(template, exchange, exchange.body_read())?;
        let mapped = Mapped::Template {
            text: rendered.text.into(),
            overrides: rendered.overrides,
        };
        return Ok((mapped, "request template rendered".into()));
    }
    let passes = match passthrough {
        PassthroughBehavior::WhenNoMatch => true,
        PassthroughBehavior::WhenNoTemplates => templates.is_empty(),
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
    let text = exchange.body_read().clone();
    Ok((
        Mapped::Template {
            text,
            overrides: Vec::new(),
        },
        "no request template, body passed through".into(),
    ))
}

fn map_headers(parameters: &[Parameter], scope: Scope<'_>) -> Result<Vec<(Bytes, Vec<Bytes>)>, Refusal> {
    let mut headers = Vec::with_capacity(parameters.len());
    for Parameter { name, expression } in parameters {
        let mut values = Vec::new();
        for value in expression.evaluate(scope) {
            let value = value.header_value().ok_or_else(|| {
                Refusal::new(
                    RefusalKind::BadRequestParameters,
                    format!("the value for `integration.request.header.{name}` holds a control character"),
                )
                .with_message("Invalid request parameters")
            })?;
            values.push(Bytes::from(value.into_owned()));
        }
        // An absent value leaves the caller's field alone, as an absent mapping would.
        if !values.is_empty() {
            headers.push((Bytes::copy_from_slice(name.as_bytes()), values));
        }
    }
    Ok(headers)
}
