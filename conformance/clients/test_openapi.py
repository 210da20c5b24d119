"""APIs from OpenAPI documents and back, with boto3."""

import json
import subprocess

import pytest

from portcullis import BINARY

PETS = {
    "swagger": "2.0",
    "info": {"title": "Pets", "description": "An API of a document", "version": "1.0"},
    "basePath": "/shop/pets",
    "paths": {
        "/pets/{id}": {
            "get": {
                "operationId": "GetPet",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "type": "string"},
                    {"name": "full", "in": "query", "required": True, "type": "string"},
                ],
                "responses": {
                    "200": {
                        "description": "a pet",
                        "schema": {"$ref": "#/definitions/Pet"},
                        "headers": {"X-Pet": {"type": "string"}},
                    }
                },
                "x-amazon-apigateway-request-validator": "parameters",
                "x-amazon-apigateway-integration": {
                    "type": "mock",
                    "requestTemplates": {"application/json": '{"statusCode": 200}'},
                    "responses": {
                        "default": {
                            "statusCode": "200",
                            "responseParameters": {"method.response.header.X-Pet": "'yes'"},
                            "responseTemplates": {"application/json": '{"id": "$input.params(\'id\')"}'},
                        }
                    },
                },
            }
        }
    },
    "definitions": {
        "Pet": {"type": "object", "properties": {"id": {"type": "string"}, "owner": {"$ref": "#/definitions/Owner"}}},
        "Owner": {"type": "object", "properties": {"pets": {"type": "array", "items": {"$ref": "#/definitions/Pet"}}}},
    },
    "x-amazon-apigateway-request-validators": {
        "parameters": {"validateRequestBody": False, "validateRequestParameters": True}
    },
    "x-amazon-apigateway-gateway-responses": {
        "BAD_REQUEST_PARAMETERS": {
            "statusCode": 422,
            "responseTemplates": {"application/json": '{"say": $context.error.messageString}'},
        }
    },
}


@pytest.fixture(scope="module")
def apigateway(server):
    return server.client("apigateway")


def test_a_swagger_document_is_imported_deployed_and_answers(server, web, apigateway):
    made = apigateway.import_rest_api(body=json.dumps(PETS))
    assert (made["name"], made["version"], made["description"]) == ("Pets", "1.0", "An API of a document")
    api = made["id"]
    models = {model["name"]: model for model in apigateway.get_models(restApiId=api)["items"]}
    assert sorted(models) == ["Owner", "Pet"]
    owner = f"https://apigateway.amazonaws.com/restapis/{api}/models/Owner"
    assert json.loads(models["Pet"]["schema"])["properties"]["owner"] == {"$ref": owner}
    apigateway.create_deployment(restApiId=api, stageName="prod")
    answer = web.get(server.api(api, "prod", "/pets/7"), params={"full": "1"})
    assert (answer.status_code, answer.json(), answer.headers["X-Pet"]) == (200, {"id": "7"}, "yes")
    refused = web.get(server.api(api, "prod", "/pets/7"))
    assert refused.status_code == 422
    assert refused.json() == {"say": "Missing required request parameters: [full]"}


def parts(apigateway, api):
    """Everything of an API that a document says, without ids."""
    known = apigateway.get_rest_api(restApiId=api)
    names = {a["id"]: a["name"] for a in apigateway.get_authorizers(restApiId=api)["items"]}
    validators = {v["id"]: v["name"] for v in apigateway.get_request_validators(restApiId=api)["items"]}
    methods = {}
    for resource in apigateway.get_resources(restApiId=api, limit=500, embed=["methods"])["items"]:
        for method in resource.get("resourceMethods", {}).values():
            method["authorizerId"] = names.get(method.get("authorizerId"))
            method["requestValidatorId"] = validators.get(method.get("requestValidatorId"))
            methods[method["httpMethod"], resource["path"]] = method
        methods.setdefault(("", resource["path"]), None)
    models = apigateway.get_models(restApiId=api, limit=500)["items"]
    return {
        "settings": {
            name: known.get(name)
            for name in ("name", "description", "version", "apiKeySource", "binaryMediaTypes", "disableExecuteApiEndpoint")
        },
        "policy": (known.get("policy") or "").replace(api, "API"),
        "methods": methods,
        "models": {m["name"]: json.loads(m["schema"].replace(api, "API")) for m in models},
        "validators": {
            v["name"]: (v["validateRequestBody"], v["validateRequestParameters"])
            for v in apigateway.get_request_validators(restApiId=api)["items"]
        },
        "authorizers": {
            a["name"]: {k: v for k, v in a.items() if k != "id"}
            for a in apigateway.get_authorizers(restApiId=api)["items"]
        },
        "gateway responses": [
            r for r in apigateway.get_gateway_responses(restApiId=api)["items"] if not r["defaultResponse"]
        ],
    }


def exported(apigateway, api, kind, accepts="application/json"):
    """What the stage `prod` of an API is as a document."""
    answer = apigateway.get_export(
        restApiId=api, stageName="prod", exportType=kind, accepts=accepts, parameters={"extensions": "apigateway"}
    )
    assert answer["contentType"] == accepts
    assert answer["contentDisposition"].startswith("attachment; filename=")
    return answer["body"].read()


@pytest.mark.parametrize("accepts", ["application/json", "application/yaml"])
@pytest.mark.parametrize("kind", ["swagger", "oas30"])
def test_what_is_exported_makes_the_same_api_again(apigateway, kind, accepts):
    api = apigateway.import_rest_api(body=json.dumps(PETS))["id"]
    apigateway.create_deployment(restApiId=api, stageName="prod")
    again = apigateway.import_rest_api(body=exported(apigateway, api, kind, accepts), failOnWarnings=True)["id"]
    assert parts(apigateway, again) == parts(apigateway, api)


def test_an_export_without_extensions_holds_none_and_guards_nothing_by_mistake(apigateway):
    api = apigateway.import_rest_api(body=json.dumps(PETS))["id"]
    apigateway.create_deployment(restApiId=api, stageName="prod")
    answer = apigateway.get_export(restApiId=api, stageName="prod", exportType="oas30")
    document = answer["body"].read()
    assert b"x-amazon-apigateway" not in document
    assert json.loads(document)["servers"][0]["variables"]["basePath"]["default"] == "prod"
    with pytest.raises(apigateway.exceptions.BadRequestException, match="`postman` is not supported"):
        apigateway.get_export(
            restApiId=api, stageName="prod", exportType="oas30", parameters={"extensions": "integrations,postman"}
        )


MORE = {
    "openapi": "3.0.1",
    "info": {"title": "More", "version": "2"},
    "paths": {
        "/pets/{id}": {
            "get": {
                "responses": {"201": {"description": "made"}},
                "x-amazon-apigateway-integration": {"type": "mock"},
            }
        },
        "/toys": {"post": {"x-amazon-apigateway-integration": {"type": "mock"}}},
    },
    "components": {"schemas": {"Toy": {"type": "object"}}},
    "x-amazon-apigateway-binary-media-types": ["image/png"],
}


def test_merge_keeps_and_overwrite_takes_away_what_a_document_does_not_name(apigateway):
    api = apigateway.import_rest_api(body=json.dumps({**PETS, "x-amazon-apigateway-binary-media-types": ["image/gif"]}))["id"]
    apigateway.put_rest_api(restApiId=api, mode="merge", body=json.dumps(MORE))
    merged = parts(apigateway, api)
    assert set(merged["models"]) == {"Owner", "Pet", "Toy"}
    assert set(merged["validators"]) == {"parameters"}
    assert merged["settings"]["binaryMediaTypes"] == ["image/gif", "image/png"]
    assert merged["settings"]["description"] == "An API of a document"
    assert list(merged["methods"]["GET", "/pets/{id}"]["methodResponses"]) == ["201"]
    apigateway.put_rest_api(restApiId=api, mode="overwrite", body=json.dumps(MORE))
    assert parts(apigateway, api) == parts(apigateway, apigateway.import_rest_api(body=json.dumps(MORE))["id"])


def test_a_document_with_a_mistake_changes_nothing(apigateway):
    api = apigateway.import_rest_api(body=json.dumps(PETS))["id"]
    before = parts(apigateway, api)
    count = len(apigateway.get_rest_apis(limit=500)["items"])
    wrong = json.loads(json.dumps(MORE))
    wrong["paths"]["/toys"]["post"]["x-amazon-apigateway-integration"] = {"type": "http", "httpMethod": "GET"}
    wrong["paths"]["/a b"] = {}
    for call in (
        lambda: apigateway.put_rest_api(restApiId=api, mode="overwrite", body=json.dumps(wrong)),
        lambda: apigateway.import_rest_api(body=json.dumps(wrong)),
    ):
        with pytest.raises(apigateway.exceptions.BadRequestException) as refused:
            call()
        message = str(refused.value)
        assert "Unable to put integration on 'POST' for resource at path '/toys': Invalid HTTP endpoint" in message
        assert "(#/paths/~1toys/post/x-amazon-apigateway-integration)" in message
        assert "Unable to create resource at path '/a b'" in message
    assert parts(apigateway, api) == before
    assert len(apigateway.get_rest_apis(limit=500)["items"]) == count


@pytest.mark.parametrize(
    "body, told",
    [
        (b"a: [", "Invalid OpenAPI input."),
        (b"\xff", "not UTF-8"),
        (b'{"swagger": "2.0", "info": {"title": "x"}, "paths": {"/a": {"get": {"x-amazon-apigateway-nonsense": 1}}}}',
         "#/paths/~1a/get/x-amazon-apigateway-nonsense: `x-amazon-apigateway-nonsense` is not supported at this place "
         "(line 1, column"),
        (b"openapi: 3.1.0", "`3.1.0` is not supported"),
        (b'{"swagger": "2.0", "info": {}, "paths": {}}', "No REST API name specified"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(apigateway, body, told):
    with pytest.raises(apigateway.exceptions.BadRequestException) as refused:
        apigateway.import_rest_api(body=body)
    assert told in str(refused.value)


def test_warnings_are_told_or_refuse_the_document(apigateway):
    body = json.dumps({**MORE, "x-amazon-apigateway-documentation": {"version": "1"}})
    column = body.index('"x-amazon-apigateway-documentation') + 1
    api = apigateway.import_rest_api(body=body)
    assert api["warnings"] == [
        "#/x-amazon-apigateway-documentation: documentation parts are not kept: the API is made without them (line 1, "
        f"column {column})"
    ]
    with pytest.raises(apigateway.exceptions.BadRequestException, match="Warnings found during import"):
        apigateway.put_rest_api(restApiId=api["id"], body=body, failOnWarnings=True)


def test_base_path_and_endpoint_are_taken_as_asked(apigateway):
    def paths(**parameters):
        api = apigateway.import_rest_api(body=json.dumps(PETS), parameters=parameters)
        items = apigateway.get_resources(restApiId=api["id"], limit=500)["items"]
        return api["endpointConfiguration"]["types"], sorted(item["path"] for item in items)

    assert paths() == (["EDGE"], ["/", "/pets", "/pets/{id}"])
    assert paths(basepath="prepend", endpointConfigurationTypes="REGIONAL") == (
        ["REGIONAL"],
        ["/", "/shop", "/shop/pets", "/shop/pets/pets", "/shop/pets/pets/{id}"],
    )
    assert paths(basepath="split")[1] == ["/", "/pets", "/pets/pets", "/pets/pets/{id}"]


TEMPLATE = """
Parameters: {Word: {Type: String, Default: hello}, Status: {Type: String, Default: "200"}}
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Description: the template's own
      Body:
        openapi: 3.0.1
        info: {title: Of a stack, version: 1}
        paths:
          /words:
            get:
              responses: {200: {description: a word}}
              x-amazon-apigateway-integration:
                type: mock
                requestTemplates: {application/json: '{"statusCode": 200}'}
                responses:
                  default:
                    statusCode: 200
                    responseTemplates: {application/json: !Sub '{"word": "${Word}", "in": "$context.stage"}'}
        x-amazon-apigateway-gateway-responses:
          MISSING_AUTHENTICATION_TOKEN: {statusCode: !Ref Status, responseTemplates: {application/json: '{"gone": 1}'}}
  DeploymentVERSION:
    Type: AWS::ApiGateway::Deployment
    Properties: {RestApiId: !Ref Api, StageName: prod}
Outputs: {Api: {Value: !Ref Api}}
"""


def stack(cloudformation, name, operation, wait, template, **parameters):
    getattr(cloudformation, operation)(
        StackName=name,
        TemplateBody=template,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    cloudformation.get_waiter(wait).wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    outputs = cloudformation.describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in outputs}


def test_body_of_a_stack_makes_and_changes_an_api(server, web, apigateway):
    cloudformation = server.client("cloudformation")
    one, two = TEMPLATE.replace("VERSION", "1"), TEMPLATE.replace("VERSION", "2")
    api = stack(cloudformation, "of-a-body", "create_stack", "stack_create_complete", one)["Api"]
    answer = web.get(server.api(api, "prod", "/words"))
    assert (answer.status_code, answer.json()) == (200, {"word": "hello", "in": "prod"})
    assert web.get(server.api(api, "prod", "/gone")).json() == {"gone": 1}
    known = apigateway.get_rest_api(restApiId=api)
    assert (known["name"], known["description"]) == ("Of a stack", "the template's own")
    changed = stack(
        cloudformation, "of-a-body", "update_stack", "stack_update_complete", two, Word="bye", Status="404"
    )
    assert changed["Api"] == api
    assert web.get(server.api(api, "prod", "/words")).json()["word"] == "bye"
    assert web.get(server.api(api, "prod", "/gone")).status_code == 404


def test_a_template_with_a_wrong_document_is_told_its_line(tmp_path):
    template = tmp_path / "wrong.yaml"
    # Its functions stand where texts do, so the rest of it can be judged.
    template.write_text(TEMPLATE.replace("VERSION", "").replace("type: mock", "kind: mock"))
    done = subprocess.run([BINARY, "check", template], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "Api/Properties/Body/paths/~1words/get/x-amazon-apigateway-integration/kind: `kind` is not supported" in done.stdout
    assert "1 errors, 0 warnings, 0 inert" in done.stdout
    line = template.read_text().splitlines().index("                kind: mock") + 1
    assert f"{line}:17" in done.stdout


def user(server, name, *statements):
    """Makes an IAM user that may what the statements say; returns his key."""
    iam = server.client("iam")
    iam.create_user(UserName=name)
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}


def test_who_imports_a_role_must_be_allowed_to_pass_it(server, apigateway):
    role = server.client("iam").create_role(
        RoleName="openapi-lent",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}),
    )["Role"]["Arn"]
    body = json.loads(json.dumps(MORE))
    body["paths"]["/toys"]["post"]["x-amazon-apigateway-integration"] = {
        "type": "aws",
        "httpMethod": "POST",
        "uri": "arn:aws:apigateway:us-east-1:events:action/PutEvents",
        "credentials": role,
    }
    apis = {"Effect": "Allow", "Action": "apigateway:*", "Resource": "*"}
    without = server.client("apigateway", **user(server, "imports", apis))
    api = without.import_rest_api(body=json.dumps(MORE))["id"]
    for call in (
        lambda: without.import_rest_api(body=json.dumps(body)),
        lambda: without.put_rest_api(restApiId=api, body=json.dumps(body)),
    ):
        with pytest.raises(without.exceptions.ClientError, match="iam:PassRole"):
            call()
    assert "methodIntegration" in parts(apigateway, api)["methods"]["POST", "/toys"]
    assert parts(apigateway, api)["methods"]["POST", "/toys"]["methodIntegration"]["type"] == "MOCK"
    stacks = {"Effect": "Allow", "Action": "cloudformation:*", "Resource": "*"}
    deployer = server.client("cloudformation", **user(server, "deploys", apis, stacks))
    template = {"Resources": {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}}}}
    with pytest.raises(deployer.exceptions.ClientError, match="iam:PassRole"):
        deployer.create_stack(StackName="lends", TemplateBody=json.dumps(template))
    passes = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": role}
    both = server.client("apigateway", **user(server, "passes", apis, passes))
    both.put_rest_api(restApiId=api, body=json.dumps(body))
    assert parts(apigateway, api)["methods"]["POST", "/toys"]["methodIntegration"]["credentials"] == role
