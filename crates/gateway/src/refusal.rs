//! Every way to say no: one variant per gateway response type of a REST API, each with a private cause.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>

use std::sync::Arc;

use portcullis_firewall::BlockResponse;

use crate::decision::Reason;

/// The gateway response types that a stage can customise, and two more: [`Forbidden`](Self::Forbidden) precedes every
/// stage, and [`Internal`](Self::Internal) has no type of its own in AWS and falls to `DEFAULT_5XX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum RefusalKind {
    AccessDenied,
    ApiConfigurationError,
    AuthorizerConfigurationError,
    AuthorizerFailure,
    BadRequestBody,
    BadRequestParameters,
    ExpiredToken,
    Forbidden,
    IntegrationFailure,
    IntegrationTimeout,
    Internal,
    IncompleteSignature,
    InvalidApiKey,
    InvalidSignature,
    /// What a function returned is no response: 502, of the type `DEFAULT_5XX`.
    MalformedAnswer,
    MissingAuthenticationToken,
    /// There is no room for another request now: 503, of the type `DEFAULT_5XX`.
    Overloaded,
    QuotaExceeded,
    /// The body came too slowly: 408, of the type `DEFAULT_4XX`.
    RequestTimeout,
    RequestTooLarge,
    RequestUriTooLong,
    ResourceNotFound,
    Throttled,
    Unauthorized,
    /// Signed by a key that nobody has.
    UnrecognizedClient,
    UnsupportedMediaType,
    WafFiltered,
}

/// A decision that ends the exchange: what the client learns (by its kind) and what only the trail learns (the cause). On the
/// heap, for every layer's outcome has room for one and most are none.
#[derive(Clone, Debug)]
pub(crate) struct Refusal(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    kind: RefusalKind,
    cause: Reason,
    message: Option<String>,
    challenge: Option<String>,
    validation_errors: Option<String>,
    response: Option<Arc<BlockResponse>>,
}

impl Refusal {
    /// Returns a refusal of `kind`; `cause` goes into the trail and never to the client.
    pub(crate) fn new(kind: RefusalKind, cause: impl Into<Reason>) -> Self {
        Self(Box::new(Parts {
            kind,
            cause: cause.into(),
            message: None,
            challenge: None,
            validation_errors: None,
            response: None,
        }))
    }

    /// Replaces the kind's default message, the public `$context.error.message`.
    #[must_use]
    pub(crate) fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = Some(message.into());
        self
    }

    /// Says how to authenticate, the public `WWW-Authenticate` of an HTTP API.
    #[must_use]
    pub(crate) fn with_challenge(mut self, challenge: impl Into<String>) -> Self {
        self.0.challenge = Some(challenge.into());
        self
    }

    /// Returns the challenge, where there is one.
    pub(crate) fn challenge(&self) -> Option<&str> {
        self.0.challenge.as_deref()
    }

    /// Says in detail what is wrong with a body, the public `$context.error.validationErrorString`.
    #[must_use]
    pub(crate) fn with_validation_errors(mut self, errors: impl Into<String>) -> Self {
        self.0.validation_errors = Some(errors.into());
        self
    }

    /// Answers with what a firewall rule defines, if it defines something, instead of any gateway response.
    #[must_use]
    pub(crate) fn with_response(mut self, response: Option<Arc<BlockResponse>>) -> Self {
        self.0.response = response;
        self
    }

    /// Returns the answer that takes precedence over the gateway responses, where there is one.
    pub(crate) fn response(&self) -> Option<&BlockResponse> {
        self.0.response.as_deref()
    }

    /// Returns what is wrong with the body in detail, where that is known.
    pub(crate) fn validation_errors(&self) -> Option<&str> {
        self.0.validation_errors.as_deref()
    }

    /// Returns the gateway response type.
    pub(crate) fn kind(&self) -> RefusalKind {
        self.0.kind
    }

    /// Returns the cause, for the trail only.
    pub(crate) fn cause(&self) -> &Reason {
        &self.0.cause
    }

    /// Returns the public message where it is not the kind's default.
    pub(crate) fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }
}
