//! What AWS answers for each kind of refusal unless an API customises it.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>

use crate::refusal::RefusalKind;

/// What AWS answers for a kind of refusal unless told otherwise.
pub(crate) struct Facts {
    pub(crate) response_type: &'static str,
    pub(crate) status: u16,
    /// None renders as `null`.
    pub(crate) message: Option<&'static str>,
    pub(crate) error_type: &'static str,
}

/// Returns the built-in answer for `kind`.
pub(crate) const fn facts(kind: RefusalKind) -> Facts {
    Facts {
        response_type: response_type(kind),
        status: status(kind),
        message: message(kind),
        error_type: error_type(kind),
    }
}

/// The gateway response type. AWS names none of its own for a signature with parts missing or of an unknown key, and none for
/// what can only fall to a default.
const fn response_type(kind: RefusalKind) -> &'static str {
    use RefusalKind::*;
    match kind {
        AccessDenied | Forbidden => "ACCESS_DENIED",
        ApiConfigurationError => "API_CONFIGURATION_ERROR",
        AuthorizerConfigurationError => "AUTHORIZER_CONFIGURATION_ERROR",
        AuthorizerFailure => "AUTHORIZER_FAILURE",
        BadRequestBody => "BAD_REQUEST_BODY",
        BadRequestParameters => "BAD_REQUEST_PARAMETERS",
        ExpiredToken => "EXPIRED_TOKEN",
        IncompleteSignature | InvalidSignature | UnrecognizedClient => "INVALID_SIGNATURE",
        IntegrationFailure => "INTEGRATION_FAILURE",
        IntegrationTimeout => "INTEGRATION_TIMEOUT",
        Internal | MalformedAnswer | Overloaded => "DEFAULT_5XX",
        InvalidApiKey => "INVALID_API_KEY",
        MissingAuthenticationToken => "MISSING_AUTHENTICATION_TOKEN",
        QuotaExceeded => "QUOTA_EXCEEDED",
        RequestTooLarge => "REQUEST_TOO_LARGE",
        RequestTimeout | RequestUriTooLong => "DEFAULT_4XX",
        ResourceNotFound => "RESOURCE_NOT_FOUND",
        Throttled => "THROTTLED",
        Unauthorized => "UNAUTHORIZED",
        UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
        WafFiltered => "WAF_FILTERED",
    }
}

/// The status. `INTEGRATION_FAILURE` is documented as 504, and AWS was seen to answer 500: the documented one tells a caller
/// more.
const fn status(kind: RefusalKind) -> u16 {
    use RefusalKind::*;
    match kind {
        BadRequestBody | BadRequestParameters => 400,
        Unauthorized => 401,
        AccessDenied | ExpiredToken | Forbidden | InvalidApiKey | WafFiltered => 403,
        IncompleteSignature | InvalidSignature | MissingAuthenticationToken | UnrecognizedClient => 403,
        ResourceNotFound => 404,
        RequestTimeout => 408,
        RequestTooLarge => 413,
        RequestUriTooLong => 414,
        UnsupportedMediaType => 415,
        QuotaExceeded | Throttled => 429,
        ApiConfigurationError | AuthorizerConfigurationError | AuthorizerFailure | Internal => 500,
        MalformedAnswer => 502,
        Overloaded => 503,
        IntegrationFailure | IntegrationTimeout => 504,
    }
}

/// The message; none is `null` to the caller unless the refusal brings one of its own.
const fn message(kind: RefusalKind) -> Option<&'static str> {
    use RefusalKind::*;
    Some(match kind {
        AuthorizerConfigurationError | AuthorizerFailure | IncompleteSignature | UnrecognizedClient => {
            return None;
        }
        AccessDenied => "Access Denied",
        ApiConfigurationError | Internal | MalformedAnswer => "Internal server error",
        BadRequestBody => "Invalid request body",
        BadRequestParameters => "Invalid request parameters",
        ExpiredToken => "The security token included in the request is expired",
        Forbidden | InvalidApiKey | WafFiltered => "Forbidden",
        IntegrationFailure => "Network error communicating with endpoint",
        IntegrationTimeout => "Endpoint request timed out",
        InvalidSignature => {
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details."
        }
        MissingAuthenticationToken => "Missing Authentication Token",
        Overloaded => "Service Unavailable",
        QuotaExceeded => "Limit Exceeded",
        RequestTimeout => "Request Timeout",
        RequestTooLarge => "HTTP content length exceeded 10485760 bytes",
        RequestUriTooLong => "Request URI too long",
        ResourceNotFound => "Not Found",
        Throttled => "Too Many Requests",
        Unauthorized => "Unauthorized",
        UnsupportedMediaType => "Unsupported Media Type",
    })
}

/// `x-amzn-ErrorType`. Where nobody has recorded it, it is the response type's name in AWS's manner.
const fn error_type(kind: RefusalKind) -> &'static str {
    use RefusalKind::*;
    match kind {
        AccessDenied => "AccessDeniedException",
        AuthorizerConfigurationError => "AuthorizerConfigurationException",
        AuthorizerFailure => "AuthorizerFailureException",
        BadRequestBody | BadRequestParameters | UnsupportedMediaType => "BadRequestException",
        ExpiredToken => "ExpiredTokenException",
        Forbidden | InvalidApiKey | WafFiltered => "ForbiddenException",
        ApiConfigurationError | IntegrationFailure | IntegrationTimeout | Internal | MalformedAnswer => {
            "InternalServerErrorException"
        }
        IncompleteSignature => "IncompleteSignatureException",
        InvalidSignature => "InvalidSignatureException",
        MissingAuthenticationToken => "MissingAuthenticationTokenException",
        Overloaded => "ServiceUnavailableException",
        QuotaExceeded => "LimitExceededException",
        RequestTimeout => "RequestTimeoutException",
        RequestTooLarge | RequestUriTooLong => "RequestTooLargeException",
        ResourceNotFound => "ResourceNotFoundException",
        Throttled => "TooManyRequestsException",
        Unauthorized => "UnauthorizedException",
        UnrecognizedClient => "UnrecognizedClientException",
    }
}
