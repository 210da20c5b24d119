//! What a Lambda authorizer's function is given, and what its result is kept by: the token, or the parts of the request that must be
//! there.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/configure-api-gateway-lambda-authorization.html>

use std::collections::BTreeMap;

use portcullis_engines::java_pattern;
use portcullis_model::resources::apigateway::Authorizer as AuthorizerModel;
use regex::Regex;

use super::lambda_source::{REST, Source};
use crate::{
    decision::Reason,
    exchange::Exchange,
    refusal::{Refusal, RefusalKind},
};

/// The longest identity, in bytes.
const IDENTITY_BYTES_MAX: usize = 16 << 10;

/// What the function is given.
pub(super) enum Given {
    Token {
        header: Box<str>,
        /// Must match the whole token, as Java's `matches` does.
        expression: Option<Regex>,
    },
    Request {
        sources: Vec<Source>,
        form: Form,
    },
}

/// How request and answer are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As REST APIs have it.
    Rest,
    /// Payload format 1.0 of HTTP APIs: a policy is the answer.
    Http1,
    /// Payload format 2.0; the answer is a policy or, when `simple`, says `isAuthorized`.
    Http2 { simple: bool },
}

/// Or field and reason.
pub(super) type Compiled = Result<Given, (&'static str, String)>;

/// Compiles an authorizer of the type `TOKEN`, whose token stands at `source`.
pub(super) fn token(authorizer: &AuthorizerModel, source: &str) -> Compiled {
    let header = match Source::parse(source, &BTreeMap::new(), &REST) {
        Ok(Source::Header(header)) => header,
        _ => {
            let cause = format!("`{source}` is not supported: use `method.request.header.NAME`");
            return Err(("identitySource", cause));
        }
    };
    let expression = authorizer.identity_validation_expression.as_deref();
    let expression = expression.filter(|expression| !expression.is_empty());
    let compiled = expression.map(|expression| java_pattern::compile(expression, true));
    let expression = compiled.transpose();
    Ok(Given::Token {
        header,
        expression: expression.map_err(|cause| ("identityValidationExpression", cause.to_string()))?,
    })
}

/// Compiles an authorizer of the type `REQUEST` of a REST API.
pub(super) fn request(
    authorizer: &AuthorizerModel,
    source: &str,
    variables: &BTreeMap<String, String>,
    ttl_seconds: u32,
) -> Compiled {
    if authorizer.identity_validation_expression.is_some() {
        let cause = "it concerns authorizers of the type `TOKEN`";
        return Err(("identityValidationExpression", cause.into()));
    }
    let parts = source.split(',').map(str::trim).filter(|part| !part.is_empty());
    let sources = parts.map(|part| Source::parse(part, variables, &REST));
    let sources: Vec<Source> = sources
        .collect::<Result<_, _>>()
        .map_err(|cause| ("identitySource", cause))?;
    check_kept_by_identity(&sources, ttl_seconds)?;
    Ok(Given::Request {
        sources,
        form: Form::Rest,
    })
}

/// Rejects results that would be kept by nothing.
pub(super) fn check_kept_by_identity(
    sources: &[Source],
    ttl_seconds: u32,
) -> Result<(), (&'static str, String)> {
    if sources.is_empty() && ttl_seconds > 0 {
        let cause = "results are kept by identity: name its sources, or set the time to keep them to 0";
        return Err(("identitySource", cause.into()));
    }
    Ok(())
}

impl Given {
    pub(super) fn form(&self) -> Form {
        match self {
            Self::Token { .. } => Form::Rest,
            Self::Request { form, .. } => *form,
        }
    }

    /// Returns what the result is kept by; refuses where a source is missing, before the function is asked.
    pub(super) fn identity(&self, exchange: &Exchange) -> Result<Vec<u8>, Refusal> {
        let mut identity = Vec::new();
        match self {
            Given::Token { header, expression } => {
                let token = token_of(exchange, header)?;
                if expression
                    .as_ref()
                    .is_some_and(|expression| !expression.is_match(token))
                {
                    return Err(unauthorized(
                        "the token does not match the identity validation expression",
                    ));
                }
                identity.extend_from_slice(token.as_bytes());
            }
            Given::Request { sources, .. } => {
                for source in sources {
                    let values = source.values(exchange);
                    if values.is_empty() || values.iter().all(Vec::is_empty) {
                        return Err(unauthorized(format!("no {}", source.said())));
                    }
                    // Counted and measured: no two identities are written alike.
                    identity.extend_from_slice(&values.len().to_le_bytes());
                    for value in values {
                        identity.extend_from_slice(&value.len().to_le_bytes());
                        identity.extend_from_slice(&value);
                    }
                }
            }
        }
        if identity.len() > IDENTITY_BYTES_MAX {
            return Err(unauthorized(format!(
                "the identity has more than {IDENTITY_BYTES_MAX} bytes"
            )));
        }
        Ok(identity)
    }
}

/// Returns the one token, as it came: with its scheme, if it has one.
pub(super) fn token_of<'a>(exchange: &'a Exchange, header: &str) -> Result<&'a str, Refusal> {
    let value = super::token::header(exchange, header).map_err(|fault| unauthorized(fault.cause))?;
    let token = value.map(str::trim).filter(|token| !token.is_empty());
    token.ok_or_else(|| unauthorized(format!("no token in the header `{header}`")))
}

/// Refuses with 401.
pub(super) fn unauthorized(cause: impl Into<Reason>) -> Refusal {
    Refusal::new(RefusalKind::Unauthorized, cause)
}
