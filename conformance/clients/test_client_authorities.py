"""Mutual TLS by route: which roots of a domain's truststore a route takes clients of; and what functions learn of the certificate."""

import json

import pytest

from authorities import Authority
from portcullis import Portcullis
from test_custom_domains import connect, ask, get, refused
from world import put_mock

TAG = "portcullis:client-authorities"
NAME = "routes.portcullis.localhost"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A domain whose truststore has two roots, before an API with a route for everybody and one for the clients of one root."""
    folder = tmp_path_factory.mktemp("roots")
    staff, partners = Authority("Staff", folder), Authority("Partners", folder)
    (folder / "both.pem").write_text(staff.pem + partners.pem)
    server = Portcullis(tmp_path_factory.mktemp("routes") / "data", "--bucket", f"trust={folder}")
    gateway = server.client("apigateway")
    api = gateway.create_rest_api(name="routes", endpointConfiguration={"types": ["REGIONAL"]})
    for name in ("open", "staff"):
        resource = gateway.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart=name)
        method = {"restApiId": api["id"], "resourceId": resource["id"], "httpMethod": "GET"}
        gateway.put_method(**method, authorizationType="NONE")
        put_mock(gateway, method, "$context.identity.clientCert.issuerDN")
    deployment = gateway.create_deployment(restApiId=api["id"])["id"]
    stage = {"restApiId": api["id"], "deploymentId": deployment}
    gateway.create_stage(**stage, stageName="prod", tags={TAG: "GET /staff=CN=Staff"})
    gateway.create_domain_name(
        domainName=NAME,
        endpointConfiguration={"types": ["REGIONAL"]},
        mutualTlsAuthentication={"truststoreUri": "s3://trust/both.pem"},
    )
    gateway.create_base_path_mapping(domainName=NAME, restApiId=api["id"], stage="prod")
    yield server, gateway, stage, {"staff": staff, "partners": partners, "nobody": Authority("Nobody", folder)}
    server.stop()


def test_route_takes_clients_of_its_own_root_alone(place):
    server, _, _, roots = place
    ada, bob = roots["staff"].client("ada").files, roots["partners"].client("bob").files
    assert get(server, NAME, "/open", ada) == (200, "CN=Staff")
    assert get(server, NAME, "/open", bob) == (200, "CN=Partners")
    assert get(server, NAME, "/staff", ada) == (200, "CN=Staff")
    refused(server, get(server, NAME, "/staff", bob), "client-certificate", "takes no clients of `CN=Partners`")
    # A stranger is the domain's to refuse, before any route.
    stranger = roots["nobody"].client("eve").files
    refused(server, get(server, NAME, "/staff", stranger), "client-certificate", "not issued by a CA")
    refused(server, get(server, NAME, "/staff"), "client-certificate", "sent no certificate")
    # On one connection each request is judged by its own route.
    with connect(server, NAME, bob) as connection:
        asked = [ask(connection, NAME, path)[0] for path in ("/open", "/staff", "/open")]
    assert asked == [200, 403, 200]


def test_by_another_way_the_route_is_reached_by_nobody(place, web):
    server, gateway, stage, _ = place
    api = f"{server.endpoints['public']['http']}/_aws/execute-api/{stage['restApiId']}/prod"
    assert web.get(f"{api}/open").status_code == 200
    answer = web.get(f"{api}/staff")
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})
    assert "no custom domain with a truststore" in server.explain()
    # The default endpoint of the host, with the right certificate, vouches for nothing.
    gateway.create_domain_name(domainName="open.portcullis.localhost", endpointConfiguration={"types": ["REGIONAL"]})
    gateway.create_base_path_mapping(
        domainName="open.portcullis.localhost", restApiId=stage["restApiId"], stage="prod"
    )
    ada = place[3]["staff"].client("ada").files
    assert get(server, "open.portcullis.localhost", "/open", ada)[0] == 200
    assert get(server, "open.portcullis.localhost", "/staff", ada)[0] == 403


@pytest.mark.parametrize(
    "tag, reason",
    [
        ("GET /nowhere=CN=Staff", "no route `GET /nowhere`"),
        ("POST /staff=CN=Staff", "no route `POST /staff`"),
        ("GET /staff", "expected a route"),
        ("GET /staff=Staff", "expected a route"),
    ],
)
def test_tag_that_guards_nothing_is_refused(place, tag, reason):
    _, gateway, stage, _ = place
    with pytest.raises(gateway.exceptions.BadRequestException, match=reason):
        gateway.create_stage(**stage, stageName="other", tags={TAG: tag})


FUNCTION = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
  Echo:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code:
        ZipFile: |
          def handler(event, context):
              return event["requestContext"]
  Invoke:
    Type: AWS::Lambda::Permission
    Properties: {Action: "lambda:InvokeFunction", FunctionName: !Ref Echo, Principal: apigateway.amazonaws.com}
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: facts, ProtocolType: HTTP}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: AWS_PROXY
      IntegrationUri: !GetAtt Echo.Arn
      PayloadFormatVersion: "2.0"
  Facts:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Api, RouteKey: "GET /facts", Target: !Sub "integrations/${Integration}"}
  Staff:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Api, RouteKey: "GET /staff", Target: !Sub "integrations/${Integration}"}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties:
      ApiId: !Ref Api
      StageName: $default
      AutoDeploy: true
      Tags: {"portcullis:client-authorities": "GET /staff=CN=Staff"}
Outputs:
  Api: {Value: !Ref Api}
"""


def test_functions_of_http_apis_learn_the_clients_certificate(place):
    """In format 2.0 it stands in `requestContext.authentication`; an HTTP API's routes have roots of their own too."""
    server, _, _, roots = place
    cloudformation = server.client("cloudformation")
    cloudformation.create_stack(StackName="facts", TemplateBody=FUNCTION, Capabilities=["CAPABILITY_IAM"])
    cloudformation.get_waiter("stack_create_complete").wait(StackName="facts", WaiterConfig={"Delay": 1})
    api = cloudformation.describe_stacks(StackName="facts")["Stacks"][0]["Outputs"][0]["OutputValue"]
    gateway, name = server.client("apigatewayv2"), "facts.portcullis.localhost"
    gateway.create_domain_name(
        DomainName=name,
        DomainNameConfigurations=[{"EndpointType": "REGIONAL"}],
        MutualTlsAuthentication={"TruststoreUri": "s3://trust/both.pem"},
    )
    gateway.create_api_mapping(DomainName=name, ApiId=api, Stage="$default")
    ada, bob = roots["staff"].client("ada", serial=0xA10F00FF), roots["partners"].client("bob")
    status, body = get(server, name, "/facts", ada.files)
    assert status == 200, body
    certificate = json.loads(body)["authentication"]["clientCert"]
    assert certificate == {
        "clientCertPem": ada.pem,
        "subjectDN": "CN=ada,O=Lab\\, Ltd.,C=GB",
        "issuerDN": "CN=Staff",
        "serialNumber": "a1:0f:00:ff",
        "validity": {"notBefore": ada.not_before, "notAfter": ada.not_after},
    }
    assert get(server, name, "/facts", bob.files)[0] == 200
    assert get(server, name, "/staff", ada.files)[0] == 200
    assert get(server, name, "/staff", bob.files)[0] == 403
