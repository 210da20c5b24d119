"""HTTP APIs from OpenAPI documents and back, with boto3."""

import json

import pytest

from http_apis import serve
from test_openapi import stack


@pytest.fixture(scope="module")
def backend():
    def reply(request):
        headers = {name.lower(): value for name, value in request.headers.items()}
        return json.dumps({"path": request.path, "headers": headers}).encode(), 200

    server = serve(reply)
    yield server.url
    server.shutdown()


def document(backend):
    return {
        "openapi": "3.0.1",
        "info": {"title": "Shop", "description": "An HTTP API of a document", "version": "2.0"},
        "tags": [{"name": "team", "x-amazon-apigateway-tag-value": "blue"}],
        "paths": {
            "/echo/{id}": {
                "get": {
                    "operationId": "Echo",
                    "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                    "x-amazon-apigateway-integration": {"$ref": "#/components/x-amazon-apigateway-integrations/back"},
                }
            },
            "/guarded": {
                "post": {
                    "security": [{"tokens": ["shop/write"]}],
                    "x-amazon-apigateway-integration": {"$ref": "#/components/x-amazon-apigateway-integrations/back"},
                },
                "get": {
                    "security": [{"signed": []}],
                    "x-amazon-apigateway-integration": {"$ref": "#/components/x-amazon-apigateway-integrations/back"},
                },
            },
            "/$default": {
                "x-amazon-apigateway-any-method": {
                    "isDefaultRoute": True,
                    "x-amazon-apigateway-integration": {
                        "type": "http_proxy",
                        "httpMethod": "ANY",
                        "uri": backend,
                        "payloadFormatVersion": 1.0,
                        "timeoutInMillis": 5000,
                        "requestParameters": {"overwrite:header.x-by": "default"},
                    },
                }
            },
        },
        "components": {
            "x-amazon-apigateway-integrations": {
                "back": {
                    "type": "http_proxy",
                    "httpMethod": "ANY",
                    "uri": backend,
                    "payloadFormatVersion": "1.0",
                    "requestParameters": {"overwrite:header.x-by": "echo"},
                }
            },
            "securitySchemes": {
                "signed": {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                },
                "tokens": {
                    "type": "openIdConnect",
                    "openIdConnectUrl": "https://issuer.example/.well-known/openid-configuration",
                    "x-amazon-apigateway-authorizer": {
                        "type": "jwt",
                        "identitySource": "$request.header.Authorization",
                        "jwtConfiguration": {"audience": ["shop"]},
                    },
                },
            },
        },
        "x-amazon-apigateway-cors": {"allowOrigins": ["https://shop.example"], "allowMethods": ["GET"]},
        "x-amazon-apigateway-importexport-version": "1.0",
    }


@pytest.fixture(scope="module")
def apigateway(server):
    return server.client("apigatewayv2")


def served(server, web, apigateway, api, path, **more):
    """The stage `$default`'s answer."""
    stages = apigateway.get_stages(ApiId=api)["Items"]
    if not stages:
        apigateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    return web.get(f"{server.endpoints['public']['http']}/_aws/execute-api/{api}{path}", **more)


def parts(apigateway, api):
    """Everything of an API that a document says, without ids."""
    known = apigateway.get_api(ApiId=api)
    integrations = {i.pop("IntegrationId"): i for i in apigateway.get_integrations(ApiId=api)["Items"]}
    authorizers = {a.pop("AuthorizerId"): a for a in apigateway.get_authorizers(ApiId=api)["Items"]}
    routes = {}
    for route in apigateway.get_routes(ApiId=api, MaxResults="500")["Items"]:
        route.pop("RouteId")
        target = route.pop("Target", None)
        route["Integration"] = target and integrations[target.removeprefix("integrations/")]
        route["Authorizer"] = authorizers.get(route.pop("AuthorizerId", None))
        routes[route["RouteKey"]] = route
    names = ("Name", "Description", "Version", "CorsConfiguration", "DisableExecuteApiEndpoint", "Tags")
    return {"settings": {name: known.get(name) for name in names}, "routes": routes, "count": len(integrations)}


def test_a_document_becomes_an_http_api_that_answers(server, web, apigateway, backend):
    made = apigateway.import_api(Body=json.dumps(document(backend)))
    assert (made["Name"], made["Version"], made["Tags"]) == ("Shop", "2.0", {"team": "blue"})
    assert len(made["ImportInfo"]) == 1 and "check no requests" in made["ImportInfo"][0]
    api = made["ApiId"]
    assert parts(apigateway, api)["count"] == 2
    assert served(server, web, apigateway, api, "/echo/1").json()["headers"]["x-by"] == "echo"
    assert served(server, web, apigateway, api, "/else").json()["headers"]["x-by"] == "default"
    assert served(server, web, apigateway, api, "/guarded").status_code == 403
    url = f"{server.endpoints['public']['http']}/_aws/execute-api/{api}/guarded"
    assert web.post(url).status_code == 401


@pytest.mark.parametrize("output", ["JSON", "YAML"])
@pytest.mark.parametrize("stage", [None, "$default", "prod"])
def test_what_is_exported_makes_the_same_api_again(apigateway, backend, output, stage):
    api = apigateway.import_api(Body=json.dumps(document(backend)))["ApiId"]
    more = {}
    if stage:
        apigateway.create_stage(ApiId=api, StageName=stage, AutoDeploy=True)
        more = {"StageName": stage}
    body = apigateway.export_api(ApiId=api, Specification="OAS30", OutputType=output, **more)["body"].read()
    again = apigateway.import_api(Body=body.decode(), FailOnWarnings=True)["ApiId"]
    assert parts(apigateway, again) == parts(apigateway, api)


def test_reimport_replaces_everything_but_stages_at_once(server, web, apigateway, backend):
    api = apigateway.import_api(Body=json.dumps(document(backend)))["ApiId"]
    assert served(server, web, apigateway, api, "/echo/1").status_code == 200
    before = {route["RouteKey"]: route["RouteId"] for route in apigateway.get_routes(ApiId=api)["Items"]}
    less = document(backend)
    less["paths"] = {"/echo/{id}": less["paths"]["/echo/{id}"]}
    del less["components"]["securitySchemes"], less["x-amazon-apigateway-cors"]
    apigateway.reimport_api(ApiId=api, Body=json.dumps(less))
    after = {route["RouteKey"]: route["RouteId"] for route in apigateway.get_routes(ApiId=api)["Items"]}
    assert after == {"GET /echo/{id}": before["GET /echo/{id}"]}
    assert parts(apigateway, api) == parts(apigateway, apigateway.import_api(Body=json.dumps(less))["ApiId"])
    assert served(server, web, apigateway, api, "/echo/1").status_code == 200
    assert served(server, web, apigateway, api, "/else").status_code == 404


def test_a_document_with_a_mistake_changes_nothing(apigateway, backend):
    api = apigateway.import_api(Body=json.dumps(document(backend)))["ApiId"]
    before, count = parts(apigateway, api), len(apigateway.get_apis(MaxResults="500")["Items"])
    for change, told in [
        ({"swagger": "2.0", "openapi": None}, "OpenAPI 3.0 alone"),
        ({"x-amazon-apigateway-policy": {}}, "#/x-amazon-apigateway-policy"),
        (
            {"paths": {"/a": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}}},
            "(#/paths/~1a/get/x-amazon-apigateway-integration)",
        ),
        (
            {"paths": {"/a": {"get": {"x-amazon-apigateway-integration": {"type": "http_proxy", "connectionId": "x"}}}}},
            "connectionId",
        ),
        # A link that is not there, as CreateIntegration refuses it.
        (
            {"paths": {"/a": {"get": {"x-amazon-apigateway-integration": {
                "type": "http_proxy", "httpMethod": "GET", "payloadFormatVersion": "1.0", "connectionType": "VPC_LINK",
                "connectionId": "gone", "uri": "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/x/1/2",
            }}}}},
            "(#/paths/~1a/get/x-amazon-apigateway-integration)",
        ),
    ]:
        body = json.dumps({name: value for name, value in {**document(backend), **change}.items() if value is not None})
        for call in (lambda: apigateway.import_api(Body=body), lambda: apigateway.reimport_api(ApiId=api, Body=body)):
            with pytest.raises(apigateway.exceptions.BadRequestException) as refused:
                call()
            assert told in str(refused.value)
    assert parts(apigateway, api) == before
    assert len(apigateway.get_apis(MaxResults="500")["Items"]) == count


def test_body_of_a_stack_makes_and_changes_an_http_api(server, web, apigateway, backend):
    cloudformation = server.client("cloudformation")

    def template(uri_parameter):
        body = document(backend)
        body["components"]["x-amazon-apigateway-integrations"]["back"]["requestParameters"] = {
            "overwrite:header.x-by": {"Fn::Sub": "${Word}" + uri_parameter}
        }
        return json.dumps(
            {
                "Parameters": {"Word": {"Type": "String", "Default": "stack"}},
                "Resources": {
                    "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": body, "Name": "Mine"}},
                    "Stage": {
                        "Type": "AWS::ApiGatewayV2::Stage",
                        "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "$default", "AutoDeploy": True},
                    },
                },
                "Outputs": {"Api": {"Value": {"Ref": "Api"}}},
            }
        )

    name = "http-of-a-body"
    api = stack(cloudformation, name, "create_stack", "stack_create_complete", template(""))["Api"]
    assert apigateway.get_api(ApiId=api)["Name"] == "Mine"
    assert served(server, web, apigateway, api, "/echo/1").json()["headers"]["x-by"] == "stack"
    stack(cloudformation, name, "update_stack", "stack_update_complete", template("!"), Word="more")
    assert served(server, web, apigateway, api, "/echo/1").json()["headers"]["x-by"] == "more!"
