"""TestInvokeMethod and TestInvokeAuthorizer: an API as it stands, before it is deployed, through the layers of every request."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import botocore.exceptions
import pytest

from world import add_user, put_mock, sign_in

SCHEMA = json.dumps({"type": "object", "required": ["name"]})


class Backend(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        said = json.dumps({"path": self.path, "body": body.decode()}).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(said)))
        self.send_header("X-Many", "one")
        self.send_header("X-Many", "two")
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def backend():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def apigateway(server):
    return server.client("apigateway")


@pytest.fixture(scope="module")
def api(apigateway):
    return apigateway.create_rest_api(name="tested")["id"]


def resource(apigateway, api, part):
    root = next(one["id"] for one in apigateway.get_resources(restApiId=api)["items"] if one["path"] == "/")
    return apigateway.create_resource(restApiId=api, parentId=root, pathPart=part)["id"]


def test_method_is_tested_before_any_deployment(apigateway, api):
    named = {"restApiId": api, "resourceId": resource(apigateway, api, "{name}"), "httpMethod": "GET"}
    apigateway.put_method(**named, authorizationType="AWS_IAM", apiKeyRequired=True)
    put_mock(
        apigateway,
        named,
        '{"name":"$input.params(\'name\')","q":"$input.params(\'q\')","h":"$input.params(\'X-H\')",'
        '"stage":"$context.stage","colour":"$stageVariables.colour","source":"$context.identity.sourceIp"}',
    )
    tested = apigateway.test_invoke_method(
        **named,
        pathWithQueryString="/ada?q=1",
        headers={"X-H": "h", "Authorization": "Bearer " + "x" * 100 + "secret"},
        stageVariables={"colour": "red"},
    )
    assert tested["status"] == 200 and tested["latency"] >= 0
    assert json.loads(tested["body"]) == {
        "name": "ada",
        "q": "1",
        "h": "h",
        "stage": "test-invoke-stage",
        "colour": "red",
        "source": "test-invoke-source-ip",
    }
    assert tested["headers"]["Content-Type"] == "application/json"
    log = tested["log"]
    assert log.startswith("Execution log for request ")
    for words in (
        "Starting execution for request: ",
        "HTTP Method: GET, Resource Path: /{name}",
        "Method request path: {name=ada}",
        "Method request query string: {q=1}",
        "Layer validation: continue",
        "Layer mapping: continue",
        "Layer integration: continue",
        "Method response body after transformations: {\"name\":\"ada\"",
        "Successfully completed execution",
        "Method completed with status: 200",
    ):
        assert words in log, log
    assert "xxxx" not in log and "*secret" in log


def test_change_is_seen_at_once_and_nothing_is_deployed(server, web, apigateway, api):
    named = {"restApiId": api, "resourceId": resource(apigateway, api, "changing"), "httpMethod": "GET"}
    apigateway.put_method(**named, authorizationType="NONE")
    put_mock(apigateway, named, '{"version":1}')
    assert json.loads(apigateway.test_invoke_method(**named)["body"]) == {"version": 1}
    operation = {"op": "replace", "path": "/responseTemplates/application~1json", "value": '{"version":2}'}
    apigateway.update_integration_response(**named, statusCode="200", patchOperations=[operation])
    assert json.loads(apigateway.test_invoke_method(**named)["body"]) == {"version": 2}
    assert web.get(server.api(api, "test-invoke-stage", "/changing")).status_code == 403
    assert apigateway.get_stages(restApiId=api)["item"] == []


def test_backend_is_called_and_a_bad_body_is_refused_before(apigateway, api, backend):
    model = apigateway.create_model(restApiId=api, name="Named", contentType="application/json", schema=SCHEMA)["name"]
    validator = apigateway.create_request_validator(restApiId=api, name="body", validateRequestBody=True)["id"]
    named = {"restApiId": api, "resourceId": resource(apigateway, api, "backend"), "httpMethod": "POST"}
    apigateway.put_method(
        **named, authorizationType="NONE", requestModels={"application/json": model}, requestValidatorId=validator
    )
    apigateway.put_integration(**named, type="HTTP_PROXY", integrationHttpMethod="POST", uri=f"{backend}/there")
    tested = apigateway.test_invoke_method(**named, body='{"name":"ada"}', headers={"Content-Type": "application/json"})
    assert tested["status"] == 201
    assert json.loads(tested["body"]) == {"path": "/there", "body": '{"name":"ada"}'}
    assert tested["multiValueHeaders"]["X-Many"] == ["one", "two"]
    assert "Received response. Status: 201, Integration latency: " in tested["log"]
    refused = apigateway.test_invoke_method(**named, body="{}", headers={"Content-Type": "application/json"})
    assert refused["status"] == 400 and json.loads(refused["body"]) == {"message": "Invalid request body"}
    assert "Execution failed: " in refused["log"] and "Received response" not in refused["log"]


def test_what_cannot_be_tested_is_an_error(apigateway, api):
    named = {"restApiId": api, "resourceId": resource(apigateway, api, "odd"), "httpMethod": "GET"}
    with pytest.raises(apigateway.exceptions.NotFoundException):
        apigateway.test_invoke_method(**named)
    apigateway.put_method(**named, authorizationType="NONE")
    put_mock(apigateway, named, "{}")
    for path in ("odd", "/other", "/odd\n", "/odd space"):
        with pytest.raises(apigateway.exceptions.BadRequestException):
            apigateway.test_invoke_method(**named, pathWithQueryString=path)
    with pytest.raises(apigateway.exceptions.BadRequestException):
        apigateway.test_invoke_method(**named, headers={"X-Bad": "a\r\nInjected: yes"})
    with pytest.raises(apigateway.exceptions.NotFoundException):
        apigateway.test_invoke_method(**named, clientCertificateId="abc")


def test_authorizer_of_a_pool_is_asked(server, apigateway, api):
    cognito = server.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="tested")["UserPool"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool["Id"], ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    )["UserPoolClient"]["ClientId"]
    add_user(cognito, pool["Id"], "ada")
    token = sign_in(cognito, client)["IdToken"]
    authorizer = apigateway.create_authorizer(
        restApiId=api,
        name="pool",
        type="COGNITO_USER_POOLS",
        providerARNs=[pool["Arn"]],
        identitySource="method.request.header.Authorization",
    )["id"]
    asked = {"restApiId": api, "authorizerId": authorizer}
    tested = apigateway.test_invoke_authorizer(**asked, headers={"Authorization": token})
    assert tested["clientStatus"] == 200 and tested["claims"]["email"] == "ada@example.com"
    assert token not in tested["log"] and "Layer authorizer: continue" in tested["log"]
    refused = apigateway.test_invoke_authorizer(**asked, headers={"Authorization": token[:-3] + "AAA"})
    assert refused["clientStatus"] == 401 and "claims" not in refused
    assert apigateway.test_invoke_authorizer(**asked)["clientStatus"] == 401
    with pytest.raises(apigateway.exceptions.NotFoundException):
        apigateway.test_invoke_authorizer(restApiId=api, authorizerId="nosuch", headers={})


def test_who_may_test_needs_the_permission_on_the_method(server, apigateway, api):
    iam = server.client("iam")
    iam.create_user(UserName="tester")
    key = iam.create_access_key(UserName="tester")["AccessKey"]
    stranger = server.client("apigateway", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    named = {"restApiId": api, "resourceId": resource(apigateway, api, "permitted"), "httpMethod": "GET"}
    apigateway.put_method(**named, authorizationType="NONE")
    put_mock(apigateway, named, "{}")
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        stranger.test_invoke_method(**named)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    arn = f"arn:aws:apigateway:us-east-1::/restapis/{api}/resources/{named['resourceId']}/methods/GET"
    statement = {"Effect": "Allow", "Action": "apigateway:POST", "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="tester", PolicyName="test", PolicyDocument=document)
    assert stranger.test_invoke_method(**named)["status"] == 200
