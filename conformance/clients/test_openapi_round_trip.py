"""Import, export, import gives the same API: a property, over documents that hypothesis makes up."""

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from test_openapi import exported, parts
from test_openapi_http import parts as http_parts

# No shrinking: every example is a server's work, and a failure is told with its document.
RULES = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
WORD = st.text("abcxyz0", min_size=1, max_size=5)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
MODELS = ["Alpha", "Beta", "Gamma"]
METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method"]
POOL = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/"


def leaf_schema():
    return st.one_of(
        st.fixed_dictionaries({"type": st.just("string")}, optional={"maxLength": st.integers(0, 9), "description": TEXT}),
        st.fixed_dictionaries({"type": st.just("integer")}, optional={"minimum": st.integers(-5, 5)}),
        st.builds(lambda name: {"$ref": f"#/components/schemas/{name}"}, st.sampled_from(MODELS)),
        st.builds(lambda values: {"enum": values}, st.lists(st.one_of(TEXT, st.integers()), min_size=1, unique=True)),
    )


def schema():
    properties = st.dictionaries(WORD, leaf_schema(), max_size=3)
    return st.fixed_dictionaries(
        {"type": st.just("object"), "properties": properties},
        optional={"additionalProperties": st.booleans(), "title": TEXT, "description": TEXT},
    )


def templates():
    return st.dictionaries(
        st.sampled_from(["application/json", "text/plain"]),
        st.sampled_from(['{"statusCode": 200}', '{"statusCode": 200, "a": "$input.params(\'q\')"}']),
        min_size=1,
    )


@st.composite
def integration(draw):
    kind = draw(st.sampled_from(["mock", "http", "http_proxy"]))
    made = {"type": kind, "passthroughBehavior": draw(st.sampled_from(["when_no_match", "when_no_templates", "never"]))}
    if kind != "mock":
        made["uri"] = draw(st.sampled_from(["http://127.0.0.1:9/a", "https://example.org/b?c=d"]))
        made["httpMethod"] = draw(st.sampled_from(["GET", "POST", "ANY"])) if kind == "http_proxy" else "GET"
        made["timeoutInMillis"] = draw(st.integers(50, 29_000))
        made["requestParameters"] = draw(
            st.dictionaries(
                WORD.map(lambda name: f"integration.request.header.x-{name}"),
                st.sampled_from(["'fixed'", "context.stage", "stageVariables.v"]),
                max_size=2,
            )
        )
    if kind != "http_proxy":
        made["requestTemplates"] = draw(templates())
        answers = draw(st.dictionaries(st.sampled_from(["200", "404"]), templates() | st.none(), min_size=1))
        patterns = draw(st.permutations(["default", "4\\d{2}"]))
        made["responses"] = {}
        for pattern, (status, template) in zip(patterns, answers.items()):
            made["responses"][pattern] = {
                "statusCode": status,
                "responseParameters": {"method.response.header.X-A": "'b'"},
                **({"responseTemplates": template} if template else {}),
            }
    return made


@st.composite
def operation(draw):
    names = draw(st.lists(st.tuples(st.sampled_from(["query", "header"]), WORD), max_size=3, unique=True))
    content = draw(
        st.dictionaries(
            st.just("application/json"),
            st.fixed_dictionaries({"schema": schema() | st.sampled_from(MODELS).map(lambda m: {"$ref": f"#/components/schemas/{m}"})}),
        )
    )
    made = {
        "operationId": draw(WORD),
        "parameters": [
            {"name": name, "in": place, "required": draw(st.booleans()), "schema": {"type": "string"}} for place, name in names
        ],
        "responses": {
            status: {"description": draw(TEXT), "headers": {"X-A": {"schema": {"type": "string"}}}, "content": content}
            for status in ("200", "404")
        },
        "security": draw(st.sampled_from([[], [{"key": []}], [{"pool": ["a", "b"]}, {"key": []}], [{"signed": []}], [{"pool": []}]])),
        "x-amazon-apigateway-integration": draw(integration()),
    }
    if content:
        made["requestBody"] = {"content": content}
    if draw(st.booleans()):
        made["x-amazon-apigateway-request-validator"] = draw(st.sampled_from(["all", "none"]))
    return made


@st.composite
def documents(draw, pool):
    paths = draw(st.lists(st.lists(WORD | WORD.map("x{}".format), min_size=0, max_size=3).map(tuple), min_size=1, max_size=4, unique=True))
    optional = {
        "x-amazon-apigateway-binary-media-types": st.just(["image/png", "image/gif"]),
        "x-amazon-apigateway-api-key-source": st.sampled_from(["HEADER", "AUTHORIZER"]),
        "x-amazon-apigateway-minimum-compression-size": st.integers(0, 1000),
        "x-amazon-apigateway-gateway-responses": st.dictionaries(
            st.sampled_from(["DEFAULT_4XX", "UNAUTHORIZED", "THROTTLED"]),
            st.fixed_dictionaries(
                {"responseTemplates": st.just({"application/json": '{"a":1}'})},
                optional={
                    "statusCode": st.sampled_from(["418", "503"]),
                    "responseParameters": st.just({"gatewayresponse.header.X": "'y'"}),
                },
            ),
            min_size=1,
        ),
        "x-amazon-apigateway-policy": st.sampled_from(["Allow", "Deny"]).map(
            lambda effect: {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": ["execute-api:/prod/*"]}
                ],
            }
        ),
    }
    return {
        "openapi": "3.0.1",
        "info": {"title": draw(WORD), "version": draw(WORD), "description": draw(TEXT.filter(str.strip))},
        "paths": {
            "/" + "/".join(path): {m: draw(operation()) for m in draw(st.sets(st.sampled_from(METHODS), min_size=1, max_size=3))}
            for path in paths
        },
        "components": {
            "schemas": {name: draw(schema()) for name in MODELS},
            "securitySchemes": {
                "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
                "signed": {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"},
                "pool": {
                    "type": "apiKey",
                    "name": draw(st.sampled_from(["Authorization", "Token"])),
                    "in": "header",
                    "x-amazon-apigateway-authtype": "cognito_user_pools",
                    "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": [POOL + pool]},
                },
            },
        },
        "x-amazon-apigateway-request-validators": {
            "all": {"validateRequestBody": True, "validateRequestParameters": True},
            "none": {"validateRequestBody": False, "validateRequestParameters": False},
        },
        **draw(st.fixed_dictionaries({}, optional=optional)),
    }


@pytest.mark.parametrize("kind, accepts", [("oas30", "application/json"), ("oas30", "application/yaml"), ("swagger", "application/yaml")])
def test_import_export_import_gives_the_same_api(server, guarded, kind, accepts):
    apigateway = server.client("apigateway")

    @RULES
    @given(documents(guarded.pool))
    def holds(document):
        first = apigateway.import_rest_api(body=json.dumps(document), failOnWarnings=True)["id"]
        apigateway.create_deployment(restApiId=first, stageName="prod")
        again = apigateway.import_rest_api(body=exported(apigateway, first, kind, accepts), failOnWarnings=True)["id"]
        made, wanted = parts(apigateway, again), parts(apigateway, first)
        for name, part in wanted.items():
            assert made[name] == part, name
        for api in (first, again):
            apigateway.delete_rest_api(restApiId=api)

    holds()


@st.composite
def http_documents(draw):
    """HTTP APIs: routes with integrations of their own and shared ones, both authorizers, signatures, CORS, tags."""
    function = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations"

    def integration():
        return st.fixed_dictionaries(
            {
                "type": st.just("http_proxy"),
                "httpMethod": st.sampled_from(["GET", "ANY"]),
                "uri": st.sampled_from(["http://127.0.0.1:9/a", "https://example.org/{x}?c=d"]),
                "payloadFormatVersion": st.sampled_from([1.0, "1.0"]),
            },
            optional={
                "timeoutInMillis": st.integers(50, 30_000),
                "requestParameters": st.dictionaries(
                    WORD.map(lambda name: f"overwrite:header.x-{name}"), st.sampled_from(["fixed", "$request.path", "$context.stage"]), max_size=2
                ),
            },
        )

    shared = draw(st.dictionaries(WORD, integration(), max_size=2))
    behind = [integration()] + [
        st.just({"$ref": f"#/components/x-amazon-apigateway-integrations/{name}"}) for name in shared
    ]
    guards = [[], [{"tokens": ["a", "b"]}], [{"tokens": []}], [{"function": []}], [{"signed": []}]]
    keys = draw(st.sets(st.tuples(WORD, st.sampled_from(METHODS)), min_size=1, max_size=6))
    paths = {}
    for word, method in sorted(keys) + ([("$default", METHODS[-1])] if draw(st.booleans()) else []):
        operation = {"security": draw(st.sampled_from(guards)), "x-amazon-apigateway-integration": draw(st.one_of(behind))}
        if word == "$default":
            operation["isDefaultRoute"] = True
        elif draw(st.booleans()):
            operation["operationId"] = draw(WORD)
        paths.setdefault(f"/{word}", {})[method] = operation
    optional = {
        "x-amazon-apigateway-cors": st.fixed_dictionaries(
            {"allowOrigins": st.just(["https://a.example"])},
            optional={"allowMethods": st.just(["GET", "*"]), "maxAge": st.integers(0, 9), "allowCredentials": st.booleans()},
        ),
        "tags": st.dictionaries(WORD, WORD, min_size=1, max_size=2).map(
            lambda tags: [{"name": name, "x-amazon-apigateway-tag-value": value} for name, value in tags.items()]
        ),
        "servers": st.just([{"url": "/", "x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True}}]),
    }
    return {
        "openapi": "3.0.1",
        "info": {"title": draw(WORD), "version": draw(WORD)},
        "paths": paths,
        "components": {
            "x-amazon-apigateway-integrations": shared,
            "securitySchemes": {
                "signed": {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"},
                "tokens": {
                    "type": "oauth2",
                    "x-amazon-apigateway-authorizer": {
                        "type": "jwt",
                        "identitySource": draw(st.sampled_from(["$request.header.Authorization", "$request.querystring.t"])),
                        "jwtConfiguration": {"issuer": "https://issuer.example", "audience": draw(st.lists(WORD, min_size=1, unique=True))},
                    },
                },
                "function": {
                    "type": "apiKey",
                    "name": "X",
                    "in": "header",
                    "x-amazon-apigateway-authorizer": {
                        "type": "request",
                        "identitySource": draw(st.sampled_from(["$request.header.X", "$request.header.X, $context.stage"])),
                        "authorizerUri": function,
                        "authorizerPayloadFormatVersion": "2.0",
                        "authorizerResultTtlInSeconds": draw(st.sampled_from([0, 60])),
                        "enableSimpleResponses": draw(st.booleans()),
                    },
                },
            },
        },
        **draw(st.fixed_dictionaries({}, optional=optional)),
    }


@pytest.mark.parametrize("output", ["JSON", "YAML"])
def test_import_export_import_gives_the_same_http_api(server, output):
    apigateway = server.client("apigatewayv2")

    @RULES
    @given(http_documents())
    def holds(document):
        first = apigateway.import_api(Body=json.dumps(document), FailOnWarnings=True)["ApiId"]
        body = apigateway.export_api(ApiId=first, Specification="OAS30", OutputType=output)["body"].read().decode()
        again = apigateway.import_api(Body=body, FailOnWarnings=True)["ApiId"]
        assert http_parts(apigateway, again) == http_parts(apigateway, first)
        for api in (first, again):
            apigateway.delete_api(ApiId=api)

    holds()
