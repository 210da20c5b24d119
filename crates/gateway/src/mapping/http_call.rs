//! Where an HTTP integration calls: path, query and header fields, mapped.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>

use std::collections::BTreeMap;

use bytes::Bytes;
use portcullis_engines::vtl::{Override, OverridePlace};
use portcullis_model::{Problem, resources::apigateway::Integration};

use super::{
    expression::{Expression, Mapped, Scope, Side},
    request::Parameter,
    uri::{Parameters, UriTemplate},
};
use crate::{
    exchange::Exchange,
    integrations::header_policy,
    refusal::{Refusal, RefusalKind},
    snapshot::router,
};

/// Header fields by name, each with its values.
pub(crate) type MappedHeaders = Vec<(Bytes, Vec<Bytes>)>;

/// A call of an HTTP backend, its parameters mapped.
#[derive(Debug)]
pub(crate) struct HttpCall {
    paths: Vec<Parameter>,
    queries: Vec<Parameter>,
    headers: Vec<Parameter>,
    uri: UriTemplate,
}

impl HttpCall {
    /// Compiles where `integration` calls, and what is mapped.
    pub(super) fn compile(
        integration: &Integration,
        resource_path: &str,
        variables: &BTreeMap<String, String>,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let mut refuse = |field: &str, message: String| {
            problems.push(Problem::error(
                None,
                format!("{path}: integration/{field}"),
                message,
            ));
        };
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
        Some(Self {
            paths,
            queries,
            headers,
            uri,
        })
    }

    /// Returns the place that the call goes to.
    pub(crate) const fn uri(&self) -> &UriTemplate {
        &self.uri
    }

    /// Tells whether no parameter is mapped.
    pub(super) fn maps_nothing(&self) -> bool {
        self.paths.is_empty() && self.queries.is_empty() && self.headers.is_empty()
    }

    /// Tells whether something is mapped from the body.
    pub(super) fn uses_body(&self) -> bool {
        let mut all = self.paths.iter().chain(&self.queries).chain(&self.headers);
        all.any(|parameter| matches!(parameter.expression, Expression::Body(_)))
    }

    /// Maps path, query and headers; `passes` says that the caller's query goes along. What a template set precedes what is mapped.
    pub(super) fn map(
        &self,
        exchange: &Exchange,
        overrides: &[Override],
        passes: bool,
    ) -> Result<(Vec<u8>, MappedHeaders), Refusal> {
        let scope = Scope {
            exchange,
            answer: None,
            refusal: None,
        };
        let parameters = Parameters {
            paths: &self.paths,
            queries: &self.queries,
            overrides,
            passes,
        };
        let path_and_query = self.uri.render(&parameters, scope)?;
        let mut headers = map_headers(&self.headers, scope)?;
        for set in overrides
            .iter()
            .filter(|set| set.place == OverridePlace::RequestHeader)
        {
            override_header(&mut headers, set)?;
        }
        Ok((path_and_query, headers))
    }
}

fn override_header(headers: &mut MappedHeaders, set: &Override) -> Result<(), Refusal> {
    let refuse = |cause: String| Refusal::new(RefusalKind::Internal, cause);
    header_policy::check_mapped(&set.name).map_err(refuse)?;
    let value = Mapped::Plain(set.value.as_bytes().into()).header_value();
    let value = value.ok_or_else(|| {
        refuse(format!(
            "the value for `requestOverride.header.{}` holds a control character",
            set.name
        ))
    })?;
    headers.retain(|(name, _)| !name.eq_ignore_ascii_case(set.name.as_bytes()));
    headers.push((
        Bytes::copy_from_slice(set.name.as_bytes()),
        vec![Bytes::from(value.into_owned())],
    ));
    Ok(())
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

fn map_headers(parameters: &[Parameter], scope: Scope<'_>) -> Result<MappedHeaders, Refusal> {
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
