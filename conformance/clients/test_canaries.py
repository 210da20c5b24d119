"""Deployments of a stage: rolled back, tried on a share of the requests, promoted. The refusals are the service's, as recorded."""

import types

import botocore.exceptions
import pytest

from portcullis import until
from world import put_mock


def template(name):
    return '{"release":"%s","canary":"$context.isCanaryRequest","colour":"$stageVariables.colour"}' % name


@pytest.fixture(scope="module")
def apigateway(server):
    return server.client("apigateway")


@pytest.fixture
def world(server, apigateway, web):
    """An API whose GET / says which of its deployments answers."""
    api = apigateway.create_rest_api(name="canaries")["id"]
    root = apigateway.get_resources(restApiId=api)["items"][0]["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="NONE")
    put_mock(apigateway, method, template("first"))

    def release(name, **more):
        apigateway.update_integration_response(
            **method,
            statusCode="200",
            patchOperations=[
                {"op": "replace", "path": "/responseTemplates/application~1json", "value": template(name)}
            ],
        )
        return apigateway.create_deployment(restApiId=api, **more)["id"]

    def update(*operations):
        names = ("op", "path", "value", "from")
        operations = [{name: each for name, each in zip(names, one) if each is not None} for one in operations]
        return apigateway.update_stage(restApiId=api, stageName="prod", patchOperations=operations)

    def ask():
        answer = web.get(server.api(api, "prod", "/"))
        assert answer.status_code == 200, answer.text
        return answer.json()

    yield types.SimpleNamespace(api=api, release=release, update=update, ask=ask)
    apigateway.delete_rest_api(restApiId=api)


def test_stage_goes_back_to_an_earlier_deployment_at_once(world, apigateway):
    first = world.release("first", stageName="prod")
    second = world.release("second", stageName="prod")
    assert world.ask()["release"] == "second"
    stage = world.update(("replace", "/deploymentId", first))
    assert stage["deploymentId"] == first and "canarySettings" not in stage
    assert world.ask()["release"] == "first"
    world.update(("replace", "/deploymentId", second))
    assert world.ask()["release"] == "second"
    with pytest.raises(botocore.exceptions.ClientError):
        world.update(("replace", "/deploymentId", "nosuch"))
    assert world.ask()["release"] == "second"


def test_setting_of_a_method_does_not_keep_an_older_deployment_from_coming_back(world, apigateway):
    first = world.release("first", stageName="prod")
    root = apigateway.get_resources(restApiId=world.api)["items"][0]["id"]
    later = apigateway.create_resource(restApiId=world.api, parentId=root, pathPart="later")["id"]
    method = {"restApiId": world.api, "resourceId": later, "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="NONE")
    put_mock(apigateway, method, "{}")
    with pytest.raises(botocore.exceptions.ClientError, match="no such method"):
        world.update(("replace", "/~1later/GET/throttling/rateLimit", "5"))
    world.release("second", stageName="prod")
    world.update(("replace", "/~1later/GET/throttling/rateLimit", "5"))
    world.update(("replace", "/deploymentId", first))
    assert world.ask()["release"] == "first"


def test_canary_is_deployed_takes_its_share_is_promoted_and_removed(world, apigateway):
    first = world.release("first", stageName="prod", variables={"colour": "red"})
    canary = world.release(
        "second",
        stageName="prod",
        canarySettings={"percentTraffic": 0, "stageVariableOverrides": {"colour": "blue"}},
    )
    stage = apigateway.get_stage(restApiId=world.api, stageName="prod")
    assert stage["deploymentId"] == first and stage["variables"] == {"colour": "red"}
    assert stage["canarySettings"] == {
        "deploymentId": canary,
        "percentTraffic": 0.0,
        "stageVariableOverrides": {"colour": "blue"},
        "useStageCache": False,
    }
    assert {world.ask()["release"] for _ in range(20)} == {"first"}
    world.update(("replace", "/canarySettings/percentTraffic", "50.0"))
    answers = [world.ask() for _ in range(200)]
    canaries = [answer for answer in answers if answer["canary"] == "true"]
    assert all((answer["release"], answer["colour"]) == ("second", "blue") for answer in canaries)
    others = [answer for answer in answers if answer["canary"] == "false"]
    assert all((answer["release"], answer["colour"]) == ("first", "red") for answer in others)
    # Of 200 fair coins 60 to 140 fall on each side, but for one run in a hundred million.
    assert 60 <= len(canaries) <= 140 and len(canaries) + len(others) == 200
    with pytest.raises(apigateway.exceptions.BadRequestException, match="must be moved or deleted"):
        apigateway.delete_deployment(restApiId=world.api, deploymentId=canary)
    promoted = world.update(
        ("replace", "/canarySettings/percentTraffic", "0.0"),
        ("copy", "/variables", None, "/canarySettings/stageVariableOverrides"),
        ("copy", "/deploymentId", None, "/canarySettings/deploymentId"),
    )
    assert promoted["deploymentId"] == canary and promoted["variables"] == {"colour": "blue"}
    assert promoted["canarySettings"]["percentTraffic"] == 0
    assert {(one["release"], one["canary"]) for one in (world.ask() for _ in range(20))} == {("second", "false")}
    assert "canarySettings" not in world.update(("remove", "/canarySettings"))
    assert world.ask() == {"release": "second", "canary": "", "colour": "blue"}
    apigateway.delete_deployment(restApiId=world.api, deploymentId=first)


def test_stage_is_made_with_a_canary_and_gets_one_by_a_patch(world, apigateway):
    first, second = world.release("first"), world.release("second")
    stage = apigateway.create_stage(
        restApiId=world.api,
        stageName="prod",
        deploymentId=first,
        canarySettings={"deploymentId": second, "percentTraffic": 100},
    )
    assert stage["canarySettings"] == {"deploymentId": second, "percentTraffic": 100.0, "useStageCache": False}
    assert world.ask()["release"] == "second"
    world.update(("remove", "/canarySettings"))
    assert world.ask()["release"] == "first"
    # The first patch makes the canary, of the stage's own deployment where it names none.
    canary = world.update(("replace", "/canarySettings/percentTraffic", "100"))["canarySettings"]
    assert canary == {"deploymentId": first, "percentTraffic": 100.0, "useStageCache": False}
    assert world.ask() == {"release": "first", "canary": "true", "colour": ""}
    world.update(("replace", "/canarySettings/deploymentId", second))
    assert world.ask()["release"] == "second"


def test_what_no_canary_can_be_is_refused_as_the_service_does(world, apigateway):
    first = world.release("first", stageName="prod")

    def refused(call, *operations, **more):
        with pytest.raises(apigateway.exceptions.BadRequestException) as caught:
            call(*operations, **more)
        return caught.value.response["Error"]["Message"]

    canary = {"percentTraffic": 50}
    assert refused(world.release, "x", canarySettings=canary) == (
        "Invalid deployment content specified.Non null and non empty stageName must be provided for canary "
        "deployment. Provided value is null"
    )
    assert refused(world.release, "x", stageName="nowhere", canarySettings=canary) == (
        "Invalid deployment content specified.Stage nowhere must already be created before making a canary release "
        "deployment"
    )
    assert refused(world.update, ("add", "/canarySettings/deploymentId", first)) == (
        "Invalid add operation with path: /canarySettings/deploymentId"
    )
    for name in ("stageVariableOverrides", "badPath"):
        assert refused(world.update, ("remove", f"/canarySettings/{name}")) == (
            f"Cannot remove method setting canarySettings/{name} because there is no method setting for this method "
        )
    assert refused(world.update, ("replace", "/canarySettings/badPath", "x")).startswith(
        "Invalid method setting path: /canarySettings/badPath. Must be one of: ["
    )
    refused(world.update, ("replace", "/canarySettings/deploymentId", "deploy"))
    refused(world.update, ("replace", "/canarySettings/percentTraffic", "101"))
    refused(world.update, ("copy", "/canarySettings/deploymentId", None, "/deploymentId"))
    refused(world.update, ("copy", "/deploymentId", None, "/canarySettings/deploymentId"))
    world.update(("replace", "/canarySettings/percentTraffic", "10"))
    # The guide: until the canary is gone, the stage takes no deployment but a canary's.
    assert "has a canary" in refused(world.release, "x", stageName="prod")
    assert world.ask()["release"] == "first"


def test_canarys_lines_are_in_a_log_of_its_own_too(server, world):
    world.release("first", stageName="prod")
    world.update(
        ("replace", "/accessLogSettings/destinationArn", "arn:aws:logs:us-east-1:000000000000:log-group:canaries"),
        ("replace", "/accessLogSettings/format", "$context.requestId $context.isCanaryRequest"),
        ("replace", "/canarySettings/percentTraffic", "100"),
    )
    world.ask()
    world.update(("replace", "/canarySettings/percentTraffic", "0"))
    world.ask()

    folder = server.data / "logs" / "access"

    def words(name):
        file = folder / f"{name}.log"
        return [line.split()[1] for line in file.read_text().splitlines()] if file.exists() else []

    until("both lines", lambda: len(words("canaries")) == 2)
    assert words("canaries") == ["true", "false"] and words("canaries%2FCanary") == ["true"]


STACK = """
Resources:
  Api: {{Type: AWS::ApiGateway::RestApi, Properties: {{Name: canary}}}}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: GET
      AuthorizationType: NONE
      Integration:
        Type: MOCK
        RequestTemplates: {{application/json: '{{"statusCode": 200}}'}}
        IntegrationResponses: [{{StatusCode: "200", ResponseTemplates: {{application/json: '"$stageVariables.who {says}"'}}}}]
      MethodResponses: [{{StatusCode: "200"}}]
  First:
    Type: AWS::ApiGateway::Deployment
    DependsOn: Get
    Properties: {{RestApiId: !Ref Api}}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties: {{RestApiId: !Ref Api, DeploymentId: !Ref First, StageName: prod, Variables: {{who: stage}}}}
{more}
Outputs:
  Api: {{Value: !Ref Api}}
"""
SECOND = """
  Second:
    Type: AWS::ApiGateway::Deployment
    DependsOn: [Get, Stage]
    Properties:
      RestApiId: !Ref Api
      StageName: prod
      Description: {description}
      DeploymentCanarySettings: {{PercentTraffic: {percent}, StageVariableOverrides: {{who: canary}}}}
"""


def test_deployment_of_a_stack_is_tried_as_a_canary_and_goes_with_it(server, web):
    cloudformation, apigateway = server.client("cloudformation"), server.client("apigateway")

    def put(call, says, more=""):
        call(StackName="canary-stack", TemplateBody=STACK.format(says=says, more=more))

        def settled():
            stack = cloudformation.describe_stacks(StackName="canary-stack")["Stacks"][0]
            return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

        stack = until("the stack", settled)
        assert stack["StackStatus"].endswith("_COMPLETE") and "ROLLBACK" not in stack["StackStatus"], stack
        return stack["Outputs"][0]["OutputValue"]

    api = put(cloudformation.create_stack, "one")

    def says():
        return {web.get(server.api(api, "prod", "/")).json() for _ in range(8)}

    assert says() == {"stage one"}
    put(cloudformation.update_stack, "two", SECOND.format(percent=100, description="a"))
    assert says() == {"canary two"}
    stage = apigateway.get_stage(restApiId=api, stageName="prod")
    assert stage["canarySettings"]["percentTraffic"] == 100
    assert stage["canarySettings"]["deploymentId"] != stage["deploymentId"]
    # Another description is the same deployment; other settings are another one, in its place.
    put(cloudformation.update_stack, "two", SECOND.format(percent=100, description="b"))
    assert apigateway.get_stage(restApiId=api, stageName="prod")["canarySettings"] == stage["canarySettings"]
    put(cloudformation.update_stack, "three", SECOND.format(percent=0, description="b"))
    assert says() == {"stage one"}
    replaced = apigateway.get_stage(restApiId=api, stageName="prod")["canarySettings"]
    assert replaced["percentTraffic"] == 0 and replaced["deploymentId"] != stage["canarySettings"]["deploymentId"]
    put(cloudformation.update_stack, "four")
    assert "canarySettings" not in apigateway.get_stage(restApiId=api, stageName="prod")
    assert says() == {"stage one"}
    cloudformation.delete_stack(StackName="canary-stack")
