"""Stacks through boto3: waiters, updates, rollback, deletion, and every operation once."""

import re

import pytest

from portcullis import QUICKSTART, TEMPLATES, until

SMALL = """
Parameters:
  Part: {Type: String, Default: hello, AllowedPattern: '[a-z]+'}
Resources:
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: !Ref AWS::StackName}}
  Path:
    Type: AWS::ApiGateway::Resource
    Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: !Ref Part}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Path
      HttpMethod: GET
      AuthorizationType: NONE
      Integration:
        Type: MOCK
        RequestTemplates: {application/json: '{"statusCode": 200}'}
        IntegrationResponses: [{StatusCode: 200, ResponseTemplates: {application/json: '{"say":"SAY"}'}}]
      MethodResponses: [{StatusCode: 200}]
  DeploymentSAY: {Type: AWS::ApiGateway::Deployment, DependsOn: Get, Properties: {RestApiId: !Ref Api}}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties: {RestApiId: !Ref Api, DeploymentId: !Ref DeploymentSAY, StageName: test}
Outputs:
  ApiId: {Value: !Ref Api, Export: {Name: !Sub '${AWS::StackName}-api'}}
"""


@pytest.fixture(scope="module")
def cloudformation(server):
    return server.client("cloudformation")


def wait(cloudformation, waiter, name):
    cloudformation.get_waiter(waiter).wait(StackName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300})


def output(cloudformation, name, key):
    outputs = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    return {one["OutputKey"]: one["OutputValue"] for one in outputs}[key]


def create(cloudformation, name, template, **more):
    stack = cloudformation.create_stack(StackName=name, TemplateBody=template, **more)["StackId"]
    wait(cloudformation, "stack_create_complete", name)
    return stack


def test_stack_is_created_described_and_deleted(server, web, cloudformation):
    template = SMALL.replace("SAY", "One")
    stack = create(cloudformation, "whole", template)
    assert stack.startswith(f"arn:aws:cloudformation:us-east-1:{server.endpoints['account']}:stack/whole/")
    api = output(cloudformation, "whole", "ApiId")
    assert web.get(server.api(api, "test", "/hello")).json() == {"say": "One"}
    assert cloudformation.get_template(StackName="whole")["TemplateBody"] == template
    resources = cloudformation.describe_stack_resources(StackName="whole")["StackResources"]
    assert {one["ResourceStatus"] for one in resources} == {"CREATE_COMPLETE"} and len(resources) == 5
    one = cloudformation.describe_stack_resource(StackName="whole", LogicalResourceId="Api")["StackResourceDetail"]
    assert one["PhysicalResourceId"] == api
    listed = cloudformation.list_stack_resources(StackName="whole")["StackResourceSummaries"]
    assert {one["LogicalResourceId"] for one in listed} == {"Api", "Path", "Get", "DeploymentOne", "Stage"}
    events = cloudformation.describe_stack_events(StackName="whole")["StackEvents"]
    assert events[0]["ResourceStatus"] == "CREATE_COMPLETE" and events[0]["LogicalResourceId"] == "whole"
    exports = {one["Name"]: one["Value"] for one in cloudformation.list_exports()["Exports"]}
    assert exports["whole-api"] == api
    assert "whole" in {one["StackName"] for one in cloudformation.list_stacks()["StackSummaries"]}
    with pytest.raises(cloudformation.exceptions.AlreadyExistsException):
        cloudformation.create_stack(StackName="whole", TemplateBody=template)
    cloudformation.delete_stack(StackName="whole")
    wait(cloudformation, "stack_delete_complete", "whole")
    assert web.get(server.api(api, "test", "/hello")).status_code == 403
    with pytest.raises(cloudformation.exceptions.ClientError, match="does not exist"):
        cloudformation.describe_stacks(StackName="whole")
    assert cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"


def test_update_changes_only_what_differs(server, web, cloudformation):
    create(cloudformation, "updated", SMALL.replace("SAY", "One"))
    api = output(cloudformation, "updated", "ApiId")
    with pytest.raises(cloudformation.exceptions.ClientError, match="No updates are to be performed"):
        cloudformation.update_stack(StackName="updated", TemplateBody=SMALL.replace("SAY", "One"))
    parameters = [{"ParameterKey": "Part", "ParameterValue": "world"}]
    cloudformation.update_stack(StackName="updated", TemplateBody=SMALL.replace("SAY", "Two"), Parameters=parameters)
    wait(cloudformation, "stack_update_complete", "updated")
    assert output(cloudformation, "updated", "ApiId") == api
    assert web.get(server.api(api, "test", "/world")).json() == {"say": "Two"}
    # As on AWS, the deployment is an image taken before the clean-up: it still has the resource that was replaced.
    paths = {one["path"] for one in server.client("apigateway").get_resources(restApiId=api)["items"]}
    assert paths == {"/", "/world"}
    cloudformation.delete_stack(StackName="updated")
    wait(cloudformation, "stack_delete_complete", "updated")


def test_failed_creation_rolls_back(server, cloudformation):
    before = {one["id"] for one in server.client("apigateway").get_rest_apis(limit=500)["items"]}
    proxy = "Type: HTTP_PROXY\n        IntegrationHttpMethod: GET\n        Uri: nonsense"
    broken = SMALL.replace("SAY", "One").replace("Type: MOCK", proxy)
    cloudformation.create_stack(StackName="broken", TemplateBody=broken)

    def ended():
        status = cloudformation.describe_stacks(StackName="broken")["Stacks"][0]["StackStatus"]
        return status if not status.endswith("IN_PROGRESS") else None

    assert until("the stack", ended) == "ROLLBACK_COMPLETE"
    events = cloudformation.describe_stack_events(StackName="broken")["StackEvents"]
    reasons = [one.get("ResourceStatusReason", "") for one in events if one["ResourceStatus"] == "CREATE_FAILED"]
    assert any("Invalid HTTP endpoint" in reason for reason in reasons), reasons
    after = {one["id"] for one in server.client("apigateway").get_rest_apis(limit=500)["items"]}
    assert before == after
    cloudformation.delete_stack(StackName="broken")
    wait(cloudformation, "stack_delete_complete", "broken")


def test_parameter_against_its_pattern_is_refused(cloudformation):
    with pytest.raises(cloudformation.exceptions.ClientError, match="Part"):
        cloudformation.create_stack(
            StackName="pattern",
            TemplateBody=SMALL,
            Parameters=[{"ParameterKey": "Part", "ParameterValue": "UPPER"}],
        )


def test_template_is_validated(cloudformation):
    got = cloudformation.validate_template(TemplateBody=SMALL)
    assert [one["ParameterKey"] for one in got["Parameters"]] == ["Part"]
    with pytest.raises(cloudformation.exceptions.ClientError, match="ValidationError"):
        cloudformation.validate_template(TemplateBody="Resources: {A: {Type: AWS::No::Such}}")


def test_every_example_and_template_deploys(own_server):
    networks = ["--vpc-endpoint", "vpce-00000001=vpc-00000001:127.0.0.1/32", "--vpc-endpoint", "vpce-00000002=vpc-00000002:127.0.0.2/32"]
    balancers = {arn for file in TEMPLATES.glob("*.yaml") for arn in re.findall(r"arn:aws:elasticloadbalancing:[\w:/-]+", file.read_text())}
    for arn in sorted(balancers):
        networks += ["--upstream", f"{arn}=127.0.0.1:1"]
    cloudformation = own_server(*networks).client("cloudformation")
    made = [("quickstart", QUICKSTART.read_text())]
    made += [(f"template-{file.stem.replace('_', '-')}", file.read_text()) for file in sorted(TEMPLATES.glob("*.yaml"))]
    for name, template in made:
        for variable in ("{{backend}}", "{{refusing}}"):
            template = template.replace(variable, "http://127.0.0.1:1")
        for variable in ("{{backend-port}}", "{{refusing-port}}"):
            template = template.replace(variable, "8081")
        create(cloudformation, name, template, Capabilities=["CAPABILITY_NAMED_IAM"])
        cloudformation.delete_stack(StackName=name)
        wait(cloudformation, "stack_delete_complete", name)
