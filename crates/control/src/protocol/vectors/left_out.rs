//! The cases that only a client can meet, each with the reason.

/// Cases left out, for one reason.
pub(super) struct LeftOut {
    pub(super) direction: &'static str,
    pub(super) ids: &'static [&'static str],
    /// For whoever reads the list.
    #[allow(dead_code, reason = "read by people")]
    pub(super) reason: &'static str,
}

pub(super) const LEFT_OUT: &[LeftOut] = &[
    LeftOut {
        direction: "input",
        reason: "a client compresses; the case has no body, and no operation here takes a compressed one",
        ids: &[
            "SDKAppliedContentEncoding_awsJson1_0",
            "SDKAppliedContentEncoding_awsJson1_1",
            "SDKAppliedContentEncoding_awsQuery",
            "SDKAppliedContentEncoding_restJson1",
            "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0",
            "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1",
            "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery",
            "SDKAppendedGzipAfterProvidedEncoding_restJson1",
        ],
    },
    LeftOut {
        direction: "input",
        reason: "a client invents the token; on the wire it is like any other",
        ids: &[
            "RestJsonQueryIdempotencyTokenAutoFill",
            "QueryProtocolIdempotencyTokenAutoFill",
        ],
    },
    LeftOut {
        direction: "input",
        reason: "a client leaves empty lists and maps out, so that a server cannot know of them",
        ids: &[
            "RestJsonHttpPrefixHeadersAreNotPresent",
            "RestJsonOmitsEmptyListQueryValues",
            "QueryEmptyQueryMaps",
        ],
    },
    LeftOut {
        direction: "input",
        reason: "a client writes `{}` for a payload that it was not given",
        ids: &[
            "RestJsonHttpWithEmptyStructurePayload",
            "RestJsonHttpWithHeadersButNoPayload",
        ],
    },
    LeftOut {
        direction: "input",
        reason: "a client lets members win over the map of all parameters; a server puts them into both",
        ids: &["RestJsonQueryPrecedence", "RestJsonQueryParamsStringListMap"],
    },
    LeftOut {
        direction: "input",
        reason: "a client prepends the path of the endpoint that it was configured with",
        ids: &["RestJsonHostWithPath"],
    },
    LeftOut {
        direction: "output",
        reason: "another spelling of the same moment, which a client must read; we write UTC",
        ids: &[
            "AwsJson11DateTimeWithNegativeOffset",
            "AwsJson11DateTimeWithPositiveOffset",
            "RestJsonDateTimeWithNegativeOffset",
            "RestJsonDateTimeWithPositiveOffset",
            "AwsQueryDateTimeWithNegativeOffset",
            "AwsQueryDateTimeWithPositiveOffset",
        ],
    },
    LeftOut {
        direction: "output",
        reason: "other spellings of an error's name, which a client must read; we write it bare, as most services",
        ids: &[
            "AwsJson11FooErrorUsingCode",
            "AwsJson11FooErrorUsingCodeAndNamespace",
            "AwsJson11FooErrorUsingCodeUriAndNamespace",
            "AwsJson11FooErrorWithDunderTypeAndNamespace",
            "AwsJson11FooErrorWithDunderTypeUriAndNamespace",
            "AwsJson10InvalidGreetingError",
            "AwsJson10ComplexError",
            "AwsJson10EmptyComplexError",
            "AwsJson10FooErrorUsingCode",
            "AwsJson10FooErrorUsingCodeAndNamespace",
            "AwsJson10FooErrorUsingCodeUriAndNamespace",
            "AwsJson10FooErrorWithDunderTypeAndNamespace",
            "AwsJson10FooErrorWithDunderTypeUriAndNamespace",
            "RestJsonFooErrorUsingXAmznErrorTypeWithUri",
            "RestJsonFooErrorUsingXAmznErrorTypeWithUriAndNamespace",
            "RestJsonFooErrorUsingCode",
            "RestJsonFooErrorUsingCodeAndNamespace",
            "RestJsonFooErrorUsingCodeUriAndNamespace",
            "RestJsonFooErrorWithDunderType",
            "RestJsonFooErrorWithDunderTypeAndNamespace",
            "RestJsonFooErrorWithDunderTypeUriAndNamespace",
        ],
    },
    LeftOut {
        direction: "output",
        reason: "members that no model has, which a client must pass over; we do not send any",
        ids: &[
            "handles_unexpected_json_output",
            "AwsJson10HandlesUnexpectedJsonOutput",
            "AwsJson11DeserializeIgnoreType",
            "AwsJson10DeserializeIgnoreType",
            "RestJsonDeserializeIgnoreType",
        ],
    },
    LeftOut {
        direction: "output",
        reason: "the case has a header of requests in its answer",
        ids: &["AwsJson11IntEnums"],
    },
    LeftOut {
        direction: "output",
        reason: "the request's id is not the format's: the dispatcher adds it, whatever the protocol",
        ids: &["parses_the_request_id_from_the_response"],
    },
];
