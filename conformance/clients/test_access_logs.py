"""Access logs of the stages of REST APIs: what a request leaves, and what no request can do to a line."""

import json
import stat

import botocore.exceptions
import pytest

from portcullis import until
from world import put_mock

FORMAT = json.dumps(
    {
        "id": "$context.requestId",
        "method": "$context.httpMethod",
        "path": "$context.path",
        "resource": "$context.resourcePath",
        "status": "$context.status",
        "type": "$context.error.responseType",
        "userAgent": "$context.identity.userAgent",
        "key": "$context.identity.apiKey",
        "keyId": "$context.identity.apiKeyId",
        "integration": "$context.integration.status",
        "length": "$context.responseLength",
        "latency": "$context.responseLatency",
        "unknown": "$context.nothing.of.the.kind",
    }
)


def arn(group):
    return f"arn:aws:logs:us-east-1:000000000000:log-group:{group}"


def patch(path, value=None):
    if value is None:
        return {"op": "remove", "path": path}
    return {"op": "replace", "path": path, "value": value}


def lines(server, group, count):
    """Returns the lines of a log group when there are so many."""
    file = server.data / "logs" / "access" / (group.replace("/", "%2F") + ".log")

    def read():
        found = file.read_text().splitlines() if file.exists() else []
        return found if len(found) >= count else None

    found = until(f"{count} lines in {file}", read)
    assert len(found) == count
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return [json.loads(line) for line in found]


@pytest.fixture(scope="module")
def apigateway(server):
    return server.client("apigateway")


@pytest.fixture(scope="module")
def api(apigateway):
    """An API with /open, and /keyed, which asks for a key."""
    api = apigateway.create_rest_api(name="logged")["id"]
    root = apigateway.get_resources(restApiId=api)["items"][0]["id"]
    for name in ("open", "keyed"):
        resource = apigateway.create_resource(restApiId=api, parentId=root, pathPart=name)["id"]
        method = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
        apigateway.put_method(**method, authorizationType="NONE", apiKeyRequired=name == "keyed")
        put_mock(apigateway, method, "{}")
    apigateway.create_deployment(restApiId=api, stageName="prod")
    return api


@pytest.fixture
def update(apigateway, api):
    def send(*operations):
        return apigateway.update_stage(restApiId=api, stageName="prod", patchOperations=list(operations))

    return send


def test_admitted_and_refused_requests_leave_a_line_each(server, web, apigateway, api, update):
    settings = {"destinationArn": arn("/apis/both:*"), "format": FORMAT}
    update(*(patch(f"/accessLogSettings/{name}", value) for name, value in settings.items()))
    assert apigateway.get_stage(restApiId=api, stageName="prod")["accessLogSettings"] == settings
    admitted = web.get(server.api(api, "prod", "/open"))
    assert admitted.status_code == 200
    secret = "a-value-that-must-stay-secret"
    refused = web.get(server.api(api, "prod", "/keyed"), headers={"x-api-key": secret})
    assert refused.status_code == 403
    missing = web.get(server.api(api, "prod", "/nowhere"))
    assert missing.status_code == 403
    first, second, third = lines(server, "/apis/both", 3)
    assert first["id"] == admitted.headers["x-amzn-RequestId"]
    assert int(first.pop("latency")) < 10_000
    del first["id"], first["userAgent"]
    assert first == {
        "method": "GET",
        "path": "/prod/open",
        "resource": "/open",
        "status": "200",
        "type": "-",
        "key": "-",
        "keyId": "-",
        "integration": "200",
        "length": "2",
        "unknown": "-",
    }
    assert second["id"] == refused.headers["x-amzn-RequestId"]
    assert (second["status"], second["path"], second["type"]) == ("403", "/prod/keyed", "INVALID_API_KEY")
    assert (second["key"], second["keyId"], second["integration"]) == ("-", "-", "-")
    assert (third["status"], third["resource"], third["type"]) == ("403", "-", "MISSING_AUTHENTICATION_TOKEN")
    assert secret not in json.dumps([first, second, third])
    # The key of a caller is named by its id, never by its value.
    plan = apigateway.create_usage_plan(name="logged", apiStages=[{"apiId": api, "stage": "prod"}])["id"]
    key = apigateway.create_api_key(enabled=True)
    apigateway.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    assert web.get(server.api(api, "prod", "/keyed"), headers={"x-api-key": key["value"]}).status_code == 200
    last = lines(server, "/apis/both", 4)[-1]
    assert (last["status"], last["key"], last["keyId"]) == ("200", "-", key["id"])
    # Without settings there are no lines.
    assert "accessLogSettings" not in update(patch("/accessLogSettings"))
    web.get(server.api(api, "prod", "/open"))
    update(patch("/accessLogSettings/destinationArn", arn("/apis/both")), patch("/accessLogSettings/format", FORMAT))
    web.get(server.api(api, "prod", "/open"))
    lines(server, "/apis/both", 5)


def test_caller_cannot_forge_a_line(server, web, api, update):
    update(patch("/accessLogSettings/destinationArn", arn("forged")), patch("/accessLogSettings/format", FORMAT))
    for user_agent in ('a", "status": "500', "\\", '\\"}{"status":"1', "a\tb", "a\xc2\x85b", "\\u000a{"):
        web.get(server.api(api, "prod", "/open"), headers={"user-agent": user_agent.encode("latin-1")})
    read = lines(server, "forged", 6)
    assert {line["status"] for line in read} == {"200"}
    agents = [line["userAgent"] for line in read]
    assert agents == ['a", "status": "500', "\\", '\\"}{"status":"1', "a\tb", "a\x85b", "\\u000a{"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", "$context.status"),
        ("format", "$context.requestId\n$context.status"),
        ("format", "$context.requestId" + "x" * 3000),
        ("destinationArn", "arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-x"),
        ("destinationArn", "arn:aws:logs:us-east-1:111111111111:log-group:other"),
        ("destinationArn", "no ARN"),
    ],
)
def test_wrong_settings_are_refused_by_name(apigateway, api, update, field, value):
    good = {"destinationArn": arn("good"), "format": "$context.requestId"}
    update(*(patch(f"/accessLogSettings/{name}", good[name]) for name in good))
    with pytest.raises(botocore.exceptions.ClientError, match=f"accessLogSettings/{field}") as refused:
        update(patch(f"/accessLogSettings/{field}", value))
    assert refused.value.response["Error"]["Code"] == "BadRequestException"
    assert apigateway.get_stage(restApiId=api, stageName="prod")["accessLogSettings"] == good


def test_log_group_without_a_format_is_refused(update):
    update(patch("/accessLogSettings"))
    with pytest.raises(botocore.exceptions.ClientError, match="accessLogSettings/format"):
        update(patch("/accessLogSettings/destinationArn", arn("alone")))


def template(setting):
    mock = {
        "Type": "MOCK",
        "RequestTemplates": {"application/json": '{"statusCode": 200}'},
        "IntegrationResponses": [{"StatusCode": "200"}],
    }
    method = {
        "RestApiId": {"Ref": "Api"},
        "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
        "HttpMethod": "GET",
        "AuthorizationType": "NONE",
        "MethodResponses": [{"StatusCode": "200"}],
        "Integration": mock,
    }
    stage = {"RestApiId": {"Ref": "Api"}, "DeploymentId": {"Ref": "Deployment"}, "StageName": "prod"}
    if setting:
        stage["AccessLogSetting"] = setting
    resources = {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "logged-by-template"}},
        "Method": {"Type": "AWS::ApiGateway::Method", "Properties": method},
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "DependsOn": "Method",
            "Properties": {"RestApiId": {"Ref": "Api"}},
        },
        "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": stage},
    }
    return json.dumps({"Resources": resources, "Outputs": {"Api": {"Value": {"Ref": "Api"}}}})


def test_template_sets_changes_and_removes_it(server, web, apigateway):
    cloudformation = server.client("cloudformation")
    settings = {"DestinationArn": arn("templates"), "Format": FORMAT}
    cloudformation.create_stack(StackName="logged", TemplateBody=template(settings))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="logged", WaiterConfig={"Delay": 1})
    outputs = cloudformation.describe_stacks(StackName="logged")["Stacks"][0]["Outputs"]
    api = outputs[0]["OutputValue"]
    assert web.get(server.api(api, "prod", "/")).status_code == 200
    assert lines(server, "templates", 1)[0]["path"] == "/prod/"
    cloudformation.update_stack(StackName="logged", TemplateBody=template(None))
    cloudformation.get_waiter("stack_update_complete").wait(StackName="logged", WaiterConfig={"Delay": 1})
    assert "accessLogSettings" not in apigateway.get_stage(restApiId=api, stageName="prod")


def test_line_is_there_after_a_stop(own_server, web):
    server = own_server()
    apigateway = server.client("apigateway")
    api = apigateway.create_rest_api(name="stopped")["id"]
    root = apigateway.get_resources(restApiId=api)["items"][0]["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="NONE")
    put_mock(apigateway, method, "{}")
    apigateway.create_deployment(restApiId=api, stageName="prod")
    settings = {"destinationArn": arn("stopped"), "format": FORMAT}
    patches = [patch(f"/accessLogSettings/{name}", value) for name, value in settings.items()]
    apigateway.update_stage(restApiId=api, stageName="prod", patchOperations=patches)
    for _ in range(20):
        assert web.get(server.api(api, "prod", "/")).status_code == 200
    server.stop()
    assert len(lines(server, "stopped", 20)) == 20
