"""Authorizers of HTTP APIs that are no JWT authorizers, built and changed with boto3."""

import json

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from http_apis import make, refused_by, serve, url
from test_functions import create

SIMPLE = """
def handler(event, context):
    word = event["headers"].get("x-word")
    if word == "boom":
        raise Exception("no database")
    return {"isAuthorized": word == "open sesame", "context": {"plan": "gold", "of": event["identitySource"]}}
"""
POLICY = """
def handler(event, context):
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event["methodArn"]}
    return {"principalId": "ann", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""


@pytest.fixture(scope="module")
def backend():
    server = serve(lambda request: (json.dumps(dict(request.headers)).encode(), 200))
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def apigatewayv2(server):
    return server.client("apigatewayv2")


def invocations(function):
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function}"
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"


def test_lambda_authorizer_is_made_asked_changed_and_deleted(server, web, apigatewayv2, backend):
    lambdas = server.client("lambda")
    create(lambdas, "http-simple", SIMPLE)
    create(lambdas, "http-policy", POLICY)
    api, integration = make(apigatewayv2, backend, "lambda-authorizers")
    made = apigatewayv2.create_authorizer(
        ApiId=api,
        AuthorizerType="REQUEST",
        Name="judge",
        AuthorizerUri=invocations("http-simple"),
        AuthorizerPayloadFormatVersion="2.0",
        EnableSimpleResponses=True,
        AuthorizerResultTtlInSeconds=60,
        IdentitySource=["$request.header.X-Word"],
    )
    authorizer = made["AuthorizerId"]
    assert (made["AuthorizerType"], made["EnableSimpleResponses"], made["AuthorizerResultTtlInSeconds"]) == ("REQUEST", True, 60)
    with pytest.raises(ClientError) as refusal:
        apigatewayv2.create_route(ApiId=api, RouteKey="GET /x", AuthorizationType="JWT", AuthorizerId=authorizer)
    assert "requires a valid JWT authorizer" in str(refusal.value)
    route = apigatewayv2.create_route(
        ApiId=api,
        RouteKey="GET /a/{id}",
        Target=f"integrations/{integration}",
        AuthorizationType="CUSTOM",
        AuthorizerId=authorizer,
    )["RouteId"]

    def ask(word=None, path="/a/1"):
        headers = {"X-Word": word} if word else {}
        answer = web.get(url(server, api, path), headers=headers)
        return answer.status_code, answer.json().get("message")

    # The function's own policy does not let the authorizer in yet.
    assert ask("open sesame") == (500, "Internal Server Error")
    source = f"arn:aws:execute-api:us-east-1:000000000000:{api}/authorizers/{authorizer}"
    for name in ("http-simple", "http-policy"):
        lambdas.add_permission(
            FunctionName=name,
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=source,
        )
    assert ask("open sesame") == (200, None)
    assert ask("open door") == (403, "Forbidden")
    assert "does not authorize it" in refused_by(server)[0]
    assert ask() == (401, "Unauthorized")
    assert ask("boom") == (500, "Internal Server Error")

    changed = apigatewayv2.update_authorizer(
        ApiId=api,
        AuthorizerId=authorizer,
        AuthorizerUri=invocations("http-policy"),
        AuthorizerPayloadFormatVersion="1.0",
        EnableSimpleResponses=False,
    )
    assert (changed["AuthorizerPayloadFormatVersion"], changed["IdentitySource"]) == ("1.0", ["$request.header.X-Word"])
    # What the other function said is not kept, and the new one's policy names the first path alone.
    assert ask("open door") == (200, None)
    assert ask("open door", "/a/2") == (403, "Forbidden")
    assert ask("another", "/a/2") == (200, None)

    with pytest.raises(apigatewayv2.exceptions.ConflictException):
        apigatewayv2.delete_authorizer(ApiId=api, AuthorizerId=authorizer)
    apigatewayv2.delete_route(ApiId=api, RouteId=route)
    apigatewayv2.delete_authorizer(ApiId=api, AuthorizerId=authorizer)


def test_signed_call_is_admitted_by_the_signers_policies(server, web, apigatewayv2):
    lambdas, iam = server.client("lambda"), server.client("iam")
    create(lambdas, "http-iam-echo", "def handler(event, context):\n    return event")
    lambdas.add_permission(
        FunctionName="http-iam-echo", StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
    )
    arn = "arn:aws:lambda:us-east-1:000000000000:function:http-iam-echo"
    api = apigatewayv2.create_api(Name="signed", ProtocolType="HTTP", Target=arn, RouteKey="GET /orders/{id}")["ApiId"]
    route = apigatewayv2.get_routes(ApiId=api)["Items"][0]["RouteId"]
    changed = apigatewayv2.update_route(ApiId=api, RouteId=route, AuthorizationType="AWS_IAM")
    assert changed["AuthorizationType"] == "AWS_IAM"
    iam.create_user(UserName="http-caller")
    made = iam.create_access_key(UserName="http-caller")["AccessKey"]
    key = Credentials(made["AccessKeyId"], made["SecretAccessKey"])

    def allow(path, effect="Allow"):
        resource = f"arn:aws:execute-api:us-east-1:000000000000:{api}/$default/GET/{path}"
        statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="http-caller", PolicyName=effect, PolicyDocument=document)

    def send(path, auth=SigV4Auth, sign=True, change=""):
        request = AWSRequest(method="GET", url=url(server, api, path))
        if sign:
            auth(key, "execute-api", "us-east-1").add_auth(request)
        prepared = request.prepare()
        return web.get(prepared.url + change, headers=dict(prepared.headers))

    assert send("/orders/7", sign=False).status_code == 403
    refused = send("/orders/7")
    assert (refused.status_code, refused.text) == (403, '{"message":"Forbidden"}')
    assert "no policy of the user allows it" in refused_by(server)[0]
    allow("orders/7")
    answer = send("/orders/7")
    assert answer.status_code == 200
    event = answer.json()
    caller = event["requestContext"]["authorizer"]["iam"]
    assert (caller["accessKey"], caller["accountId"]) == (made["AccessKeyId"], "000000000000")
    assert caller["userArn"] == "arn:aws:iam::000000000000:user/http-caller"
    assert "authorization" not in event["headers"]
    assert send("/orders/7", SigV4QueryAuth).status_code == 200
    assert send("/orders/7", change="?x=1").status_code == 403
    assert send("/orders/8").status_code == 403
    allow("*", "Deny")
    assert send("/orders/7").status_code == 403
    # The route is looked for first: a path that no route takes is not there, signed or not.
    assert send("/other", sign=False).status_code == 404
