"""AWS_IAM methods, signed by botocore and by curl: header, presigned, payload, policies that change, keys that end."""

import json
import subprocess
import urllib.error
import urllib.request

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

TEMPLATE = """
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties: {Name: iam}
  Proxy:
    Type: AWS::ApiGateway::Resource
    Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: "{proxy+}"}
  Any:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Proxy
      HttpMethod: ANY
      AuthorizationType: AWS_IAM
      Integration:
        Type: MOCK
        RequestTemplates: {application/json: '{"statusCode": 200}'}
        IntegrationResponses:
          - StatusCode: 200
            ResponseTemplates: {application/json: '{"arn":"$context.identity.userArn","key":"$context.identity.accessKey"}'}
      MethodResponses: [{StatusCode: 200}]
  Deployment:
    Type: AWS::ApiGateway::Deployment
    DependsOn: Any
    Properties: {RestApiId: !Ref Api}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties: {RestApiId: !Ref Api, StageName: test, DeploymentId: !Ref Deployment}
Outputs:
  ApiId: {Value: !Ref Api}
"""


class Signer:
    """A user with a key, and the API that he calls."""

    def __init__(self, server, api):
        self.server, self.api, self.iam = server, api, server.client("iam")
        self.iam.create_user(UserName="caller")
        key = self.iam.create_access_key(UserName="caller")["AccessKey"]
        self.credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def allow(self, path, effect="Allow"):
        arn = f"arn:aws:execute-api:{self.region}:{self.server.endpoints['account']}:{self.api}/test/{path}"
        statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": arn}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.iam.put_user_policy(UserName="caller", PolicyName=effect, PolicyDocument=document)

    @property
    def region(self):
        return self.server.endpoints["region"]

    def url(self, path):
        return f"{self.server.endpoints['public']['http']}/_aws/execute-api/{self.api}/test/{path}"

    def signed(self, method, path, body=b"", auth=SigV4Auth, credentials=None, service="execute-api"):
        request = AWSRequest(method=method, url=self.url(path), data=body)
        auth(credentials or self.credentials, service, self.region).add_auth(request)
        return request.prepare()

    def send(self, prepared, body=None):
        data = body if body is not None else prepared.body
        request = urllib.request.Request(prepared.url, method=prepared.method, data=data or None)
        request.add_header("Content-Type", "application/json")
        for name, value in prepared.headers.items():
            request.add_header(name, value.decode() if isinstance(value, bytes) else value)
        try:
            answer = urllib.request.urlopen(request)
        except urllib.error.HTTPError as refused:
            answer = refused
        return answer.status, answer.headers.get("x-amzn-ErrorType"), json.loads(answer.read() or b"null")


@pytest.fixture(scope="module")
def signer(server):
    cloudformation = server.client("cloudformation")
    cloudformation.create_stack(StackName="iam-authorization", TemplateBody=TEMPLATE)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="iam-authorization", WaiterConfig={"Delay": 1})
    outputs = cloudformation.describe_stacks(StackName="iam-authorization")["Stacks"][0]["Outputs"]
    signer = Signer(server, outputs[0]["OutputValue"])
    signer.allow("*/open/*")
    return signer


def test_botocores_signature_is_taken(signer):
    status, _, body = signer.send(signer.signed("GET", "open/a?x=1&y=%20b&x=0"))
    assert (status, body["key"]) == (200, signer.credentials.access_key)
    assert body["arn"].endswith(":user/caller")
    assert signer.send(signer.signed("POST", "open/a", body=b'{"a": 1}'))[0] == 200


def test_unsigned_and_forged_calls_are_refused(signer):
    with pytest.raises(urllib.error.HTTPError) as unsigned:
        urllib.request.urlopen(signer.url("open/a"))
    assert unsigned.value.status == 403
    assert unsigned.value.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
    key = signer.credentials.access_key
    for credentials, error in [
        (Credentials(key, "wrong"), "InvalidSignatureException"),
        (Credentials("AKIANOBODY", "wrong"), "UnrecognizedClientException"),
        (Credentials(key, signer.credentials.secret_key, "token"), "UnrecognizedClientException"),
    ]:
        assert signer.send(signer.signed("GET", "open/a", credentials=credentials))[:2] == (403, error)
    assert signer.send(signer.signed("GET", "open/a", service="lambda"))[:2] == (403, "InvalidSignatureException")
    altered = signer.signed("POST", "open/a", body=b'{"a": 1}')
    assert signer.send(altered, body=b'{"a": 2}')[:2] == (403, "InvalidSignatureException")


def test_policies_decide_and_change_at_once(signer):
    status, error, body = signer.send(signer.signed("GET", "closed/a"))
    assert (status, error) == (403, "AccessDeniedException")
    assert "is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:" in body["Message"]
    signer.allow("GET/open/secret", "Deny")
    assert signer.send(signer.signed("GET", "open/secret"))[0] == 403
    assert signer.send(signer.signed("GET", "open/a"))[0] == 200
    signer.iam.delete_user_policy(UserName="caller", PolicyName="Deny")
    assert signer.send(signer.signed("GET", "open/secret"))[0] == 200


def test_presigned_call_fits_its_own_path_alone(signer):
    presigned = signer.signed("GET", "open/a", auth=SigV4QueryAuth)
    assert signer.send(presigned)[0] == 200
    query = presigned.url.split("?", 1)[1]
    for path in ("open/b", "closed/../open/a", "closed/%2e%2e/open/a"):
        presigned.url = f"{signer.url(path)}?{query}"
        assert signer.send(presigned)[0] == 403, path


def test_account_key_may_everything_by_curl(signer, server):
    key = json.load(open(server.endpoints["credentials"]))
    command = [
        "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}",
        "--aws-sigv4", f"aws:amz:{signer.region}:execute-api",
        "--user", f"{key['access_key_id']}:{key['secret_access_key']}",
        signer.url("closed/a"),
    ]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "200"


def test_key_ends_at_once(signer):
    key = signer.credentials.access_key
    signer.iam.update_access_key(UserName="caller", AccessKeyId=key, Status="Inactive")
    assert signer.send(signer.signed("GET", "open/a"))[:2] == (403, "UnrecognizedClientException")
    signer.iam.update_access_key(UserName="caller", AccessKeyId=key, Status="Active")
    assert signer.send(signer.signed("GET", "open/a"))[0] == 200
    signer.iam.delete_access_key(UserName="caller", AccessKeyId=key)
    assert signer.send(signer.signed("GET", "open/a"))[:2] == (403, "UnrecognizedClientException")
