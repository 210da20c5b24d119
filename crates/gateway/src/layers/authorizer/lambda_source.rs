//! Where a Lambda authorizer's identity stands: in headers, query parameters, stage variables and `$context`. REST APIs and HTTP
//! APIs spell the places differently.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use std::collections::BTreeMap;

use portcullis_model::is_token;

use crate::{
    exchange::Exchange,
    mapping::{context_variables, query},
};

/// A part of the request that must be there and, with the others, is the identity.
pub(super) enum Source {
    Header(Box<str>),
    Query(Box<str>),
    /// Of the stage: the same for every request.
    Variable(Box<str>),
    /// The words after `context.`.
    Context(Vec<Box<str>>),
}

/// How a kind of API spells the places.
pub(super) struct Spelling {
    header: &'static str,
    query: &'static str,
    variable: &'static str,
    context: &'static str,
}

/// As REST APIs have it.
pub(super) const REST: Spelling = Spelling {
    header: "method.request.header.",
    query: "method.request.querystring.",
    variable: "stageVariables.",
    context: "context.",
};

/// As HTTP APIs have it.
pub(super) const HTTP: Spelling = Spelling {
    header: "$request.header.",
    query: "$request.querystring.",
    variable: "$stageVariables.",
    context: "$context.",
};

impl Source {
    /// Reads a place; the error says why it is none. A variable that the stage does not have would admit nobody.
    pub(super) fn parse(
        text: &str,
        variables: &BTreeMap<String, String>,
        spelling: &Spelling,
    ) -> Result<Self, String> {
        let unknown = || {
            format!(
                "`{text}` is not supported: use `{}NAME`, `{}NAME`, `{}NAME` or `{}NAME`",
                spelling.header, spelling.query, spelling.variable, spelling.context
            )
        };
        if let Some(header) = text.strip_prefix(spelling.header) {
            return Some(header)
                .filter(|header| is_token(header))
                .map(|header| Self::Header(header.into()))
                .ok_or_else(unknown);
        }
        if let Some(name) = text.strip_prefix(spelling.query).filter(|name| !name.is_empty()) {
            return Ok(Self::Query(name.into()));
        }
        if let Some(name) = text.strip_prefix(spelling.variable) {
            let value = variables.get(name).filter(|value| !value.is_empty());
            return value
                .map(|value| Self::Variable(value.as_str().into()))
                .ok_or_else(|| {
                    format!("`{text}`: the stage has no such variable, so nobody would be admitted")
                });
        }
        match text
            .strip_prefix(spelling.context)
            .filter(|path| !path.is_empty())
        {
            Some(path) => Ok(Self::Context(path.split('.').map(Into::into).collect())),
            None => Err(unknown()),
        }
    }

    /// Returns every value that the request has for it.
    pub(super) fn values(&self, exchange: &Exchange) -> Vec<Vec<u8>> {
        let request = exchange.request();
        match self {
            Self::Header(name) => request.headers.all(name).map(|value| value.to_vec()).collect(),
            Self::Query(name) => query::values(request.query().unwrap_or_default(), name)
                .map(std::borrow::Cow::into_owned)
                .collect(),
            Self::Variable(value) => vec![value.as_bytes().to_vec()],
            Self::Context(path) => {
                let path: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
                let value = context_variables::variable(exchange, None, &path);
                value.map(|value| value.as_bytes().to_vec()).into_iter().collect()
            }
        }
    }

    pub(super) fn said(&self) -> String {
        match self {
            Self::Header(name) => format!("header `{name}`"),
            Self::Query(name) => format!("query parameter `{name}`"),
            Self::Variable(_) => "stage variable".into(),
            Self::Context(path) => format!("`$context.{}`", path.join(".")),
        }
    }
}
