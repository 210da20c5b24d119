"""`BodyS3Location`: documents of APIs in the folders that stand for buckets, read when a stack is made or the property changes."""

import json
import subprocess

import botocore.exceptions
import pytest

from portcullis import BINARY, until

TEMPLATE = """
Resources:
  Rest:
    Type: AWS::ApiGateway::RestApi
    Properties:
      BodyS3Location: {{Bucket: documents, Key: {key}{version}}}
  Deployment:
    Type: AWS::ApiGateway::Deployment
    Properties: {{RestApiId: !Ref Rest, StageName: prod}}
  Http:
    Type: AWS::ApiGatewayV2::Api
    Properties:
      BodyS3Location: {{Bucket: documents, Key: http.yaml}}
Outputs:
  Rest: {{Value: !Ref Rest}}
  Http: {{Value: !Ref Http}}
"""


def document(says, **integration):
    mock = {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": json.dumps(says)}}},
        **integration,
    }
    operation = {"responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": mock}
    return json.dumps({"openapi": "3.0.1", "info": {"title": "kept", "version": "1"}, "paths": {"/says": {"get": operation}}})


@pytest.fixture
def documents(tmp_path):
    folder = tmp_path / "documents"
    (folder / ".versions" / "two").mkdir(parents=True)
    (folder / "rest.json").write_text(document("one"))
    (folder / ".versions" / "two" / "rest.json").write_text(document("two"))
    (folder / "http.yaml").write_text("openapi: 3.0.1\ninfo: {title: kept, version: '1'}\npaths: {}\n")
    (folder / "broken.json").write_text('{"openapi": "3.0.1"')
    return folder


def template(key="rest.json", version=""):
    return TEMPLATE.format(key=key, version=version and f", Version: {version}")


def test_document_in_a_bucket_makes_the_api(own_server, web, documents):
    server = own_server("--bucket", f"documents={documents}")
    cloudformation = server.client("cloudformation")

    def outputs():
        stack = cloudformation.describe_stacks(StackName="kept")["Stacks"][0]
        return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    def wait(what):
        cloudformation.get_waiter(what).wait(StackName="kept", WaiterConfig={"Delay": 1, "MaxAttempts": 30})

    cloudformation.create_stack(StackName="kept", TemplateBody=template())
    wait("stack_create_complete")
    made = outputs()
    assert server.client("apigateway").get_rest_api(restApiId=made["Rest"])["name"] == "kept"
    assert server.client("apigatewayv2").get_api(ApiId=made["Http"])["Name"] == "kept"
    assert web.get(server.api(made["Rest"], "prod", "/says")).json() == "one"
    cloudformation.update_stack(StackName="kept", TemplateBody=template(version="two"))
    wait("stack_update_complete")
    assert outputs() == made
    apigateway = server.client("apigateway")
    apigateway.create_deployment(restApiId=made["Rest"], stageName="prod")
    assert web.get(server.api(made["Rest"], "prod", "/says")).json() == "two"
    # What cannot be read leaves what is there.
    for key, version in (("absent.json", ""), ("../outside", ""), ("broken.json", ""), ("rest.json", "../two")):
        cloudformation.update_stack(StackName="kept", TemplateBody=template(key, version))
        status = until_settled(cloudformation)
        assert status == "UPDATE_ROLLBACK_COMPLETE", (key, status)
        assert outputs() == made


def check(file):
    return subprocess.run([BINARY, "check", file], capture_output=True, text=True, timeout=60, check=False)


def until_settled(cloudformation):
    def settled():
        status = cloudformation.describe_stacks(StackName="kept")["Stacks"][0]["StackStatus"]
        return None if status.endswith("IN_PROGRESS") else status

    return until("the stack", settled)


def test_who_has_an_api_made_of_an_unseen_document_must_be_allowed_to_pass_roles(own_server, documents):
    server = own_server("--bucket", f"documents={documents}")
    iam = server.client("iam")
    iam.create_user(UserName="deployer")
    may = {"Effect": "Allow", "Action": ["cloudformation:*", "apigateway:*"], "Resource": "*"}

    def allow(*statements):
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_user_policy(UserName="deployer", PolicyName="own", PolicyDocument=policy)

    allow(may)
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    deployer = server.client("cloudformation", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    with pytest.raises(botocore.exceptions.ClientError) as raised:
        deployer.create_stack(StackName="kept", TemplateBody=template())
    assert raised.value.response["Error"]["Code"] == "AccessDenied" and "iam:PassRole" in str(raised.value)
    allow(may, {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"})
    deployer.create_stack(StackName="kept", TemplateBody=template())
    assert until_settled(deployer) == "CREATE_COMPLETE"


def test_check_names_what_is_wrong_with_a_place(tmp_path):
    file = tmp_path / "template.yaml"
    place = "{Bucket: documents, Key: rest.json, ETag: abc}"
    file.write_text(f"Resources:\n  Rest:\n    Type: AWS::ApiGateway::RestApi\n    Properties:\n      BodyS3Location: {place}\n")
    done = check(file)
    assert done.returncode == 1 and "ETag" in done.stdout and "Version" in done.stdout


def test_any_issuer_is_warned_of_wherever_it_is_said(server, tmp_path):
    apigateway = server.client("apigateway")
    made = apigateway.import_rest_api(
        body=document(
            "",
            type="http_proxy",
            httpMethod="GET",
            uri="https://shop.example/",
            tlsConfig={"insecureSkipVerification": True},
            requestTemplates={},
            responses={},
        )
    )
    assert any("anybody's making" in warning for warning in made["warnings"])
    resource = next(each for each in apigateway.get_resources(restApiId=made["id"])["items"] if each["path"] == "/says")
    named = {"restApiId": made["id"], "resourceId": resource["id"], "httpMethod": "GET"}
    assert apigateway.get_integration(**named)["tlsConfig"] == {"insecureSkipVerification": True}
    off = {"op": "replace", "path": "/tlsConfig/insecureSkipVerification", "value": "false"}
    changed = apigateway.update_integration(**named, patchOperations=[off])
    assert changed["tlsConfig"] == {"insecureSkipVerification": False}
    on = {**off, "value": "true"}
    apigateway.update_integration(**named, patchOperations=[on])
    apigateway.create_deployment(restApiId=made["id"], stageName="prod")
    exported = apigateway.get_export(
        restApiId=made["id"], stageName="prod", exportType="oas30", parameters={"extensions": "integrations"}
    )["body"].read()
    integration = json.loads(exported)["paths"]["/says"]["get"]["x-amazon-apigateway-integration"]
    assert integration["tlsConfig"] == {"insecureSkipVerification": True}
    with pytest.raises(apigateway.exceptions.BadRequestException):
        apigateway.put_integration(**named, type="MOCK", tlsConfig={"insecureSkipVerification": True})
    apigateway.delete_rest_api(restApiId=made["id"])
    file = tmp_path / "template.yaml"
    file.write_text(
        """
Resources:
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: a}}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: GET
      Integration:
        Type: HTTP_PROXY
        IntegrationHttpMethod: GET
        Uri: https://shop.example/
        TlsConfig: {InsecureSkipVerification: true}
"""
    )
    done = check(file)
    assert done.returncode == 0 and "InsecureSkipVerification" in done.stdout and "stands between" in done.stdout
