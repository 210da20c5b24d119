"""AWS's quotas of API Gateway, each at its limit and one beyond: what is within is made, what is beyond is refused and not cut."""

import json

import pytest
from botocore.exceptions import ClientError

import world
from http_apis import HTTP, make, serve


@pytest.fixture(scope="module")
def gateway(server):
    return server.client("apigateway")


@pytest.fixture(scope="module")
def http(server):
    return server.client("apigatewayv2")


@pytest.fixture(scope="module")
def api(gateway):
    """A REST API with one deployed method."""
    made = gateway.create_rest_api(name="quotas")
    method = {"restApiId": made["id"], "resourceId": made["rootResourceId"], "httpMethod": "GET"}
    gateway.put_method(**method, authorizationType="NONE")
    world.put_mock(gateway, method, "{}")
    deployment = gateway.create_deployment(restApiId=made["id"])["id"]
    return {"id": made["id"], "root": made["rootResourceId"], "method": method, "deployment": deployment}


def refused(code, call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    assert error.value.response["Error"]["Code"] == code, error.value
    return str(error.value)


def test_an_api_has_300_paths(gateway):
    made = gateway.create_rest_api(name="paths")
    place = {"restApiId": made["id"], "parentId": made["rootResourceId"]}
    for number in range(299):
        gateway.create_resource(**place, pathPart=f"p{number}")
    refused("LimitExceededException", gateway.create_resource, **place, pathPart="one-more")
    gateway.delete_rest_api(restApiId=made["id"])


def test_an_api_has_ten_stages_and_ten_authorizers(gateway, api, server):
    for number in range(10):
        gateway.create_stage(restApiId=api["id"], deploymentId=api["deployment"], stageName=f"s{number}")
    one_more = {"restApiId": api["id"], "deploymentId": api["deployment"], "stageName": "s10"}
    refused("LimitExceededException", gateway.create_stage, **one_more)
    refused("LimitExceededException", gateway.create_deployment, restApiId=api["id"], stageName="s10")
    pool = server.client("cognito-idp").create_user_pool(PoolName="quotas")["UserPool"]["Arn"]
    authorizer = {
        "restApiId": api["id"],
        "type": "COGNITO_USER_POOLS",
        "providerARNs": [pool],
        "identitySource": "method.request.header.Authorization",
    }
    for number in range(10):
        gateway.create_authorizer(**authorizer, name=f"a{number}")
    refused("LimitExceededException", gateway.create_authorizer, **authorizer, name="a10")
    for number in range(10):
        gateway.delete_stage(restApiId=api["id"], stageName=f"s{number}")


def test_a_stage_has_100_variables_of_64_and_512_characters(gateway, api):
    def create(variables):
        gateway.create_stage(
            restApiId=api["id"], deploymentId=api["deployment"], stageName="variables", variables=variables
        )
        gateway.delete_stage(restApiId=api["id"], stageName="variables")

    create({f"v{number}": "x" for number in range(100)} | {"v0": "y" * 512})
    create({"n" * 64: "x"})
    for variables in ({f"v{number}": "x" for number in range(101)}, {"n" * 65: "x"}, {"n": "y" * 513}):
        refused("BadRequestException", create, variables=variables)


def test_names_of_stages_and_of_path_segments(gateway, api):
    stage = {"restApiId": api["id"], "deploymentId": api["deployment"]}
    gateway.create_stage(**stage, stageName="Az-_9" + "x" * 123)
    gateway.delete_stage(restApiId=api["id"], stageName="Az-_9" + "x" * 123)
    for name in ("x" * 129, "a.b", "a b", "$default"):
        refused("BadRequestException", gateway.create_stage, **stage, stageName=name)
    for part in ("aZ9_-.,:", "{id}"):
        made = gateway.create_resource(restApiId=api["id"], parentId=api["root"], pathPart=part)["id"]
        gateway.delete_resource(restApiId=api["id"], resourceId=made)
    for part in ("a b", "a%20b", "a/b", "a;b", "a|b", "é", "", "{id}x", "{a+b}"):
        refused("BadRequestException", gateway.create_resource, restApiId=api["id"], parentId=api["root"], pathPart=part)


def test_a_resource_policy_has_8192_characters(gateway, api):
    def policy(length):
        resource = f"arn:aws:execute-api:us-east-1:000000000000:{api['id']}/*"
        statement = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        return "{" + " " * (length - len(document)) + document[1:]

    def put(length):
        patch = [{"op": "replace", "path": "/policy", "value": policy(length)}]
        gateway.update_rest_api(restApiId=api["id"], patchOperations=patch)

    assert len(policy(8192)) == 8192
    put(8192)
    refused("BadRequestException", put, length=8193)
    gateway.update_rest_api(restApiId=api["id"], patchOperations=[{"op": "replace", "path": "/policy", "value": ""}])


def test_keys_are_in_ten_plans_and_have_20_to_128_characters(gateway, api):
    for length, fits in ((19, False), (20, True), (128, True), (129, False)):
        if fits:
            made = gateway.create_api_key(name="quotas", enabled=True, value="k" * length)["id"]
            gateway.delete_api_key(apiKey=made)
        else:
            refused("BadRequestException", gateway.create_api_key, name="quotas", enabled=True, value="k" * length)
    made = gateway.create_api_key(name="n" * 1024, enabled=True)["id"]
    refused("BadRequestException", gateway.create_api_key, name="n" * 1025, enabled=True)
    plans = [gateway.create_usage_plan(name=f"p{number}")["id"] for number in range(11)]
    for plan in plans[:10]:
        gateway.create_usage_plan_key(usagePlanId=plan, keyId=made, keyType="API_KEY")
    with pytest.raises(ClientError):
        gateway.create_usage_plan_key(usagePlanId=plans[10], keyId=made, keyType="API_KEY")
    gateway.delete_api_key(apiKey=made)
    for plan in plans:
        gateway.delete_usage_plan(usagePlanId=plan)


def test_an_account_has_300_plans(own_server):
    gateway = own_server().client("apigateway")
    for number in range(300):
        gateway.create_usage_plan(name=f"p{number}")
    refused("LimitExceededException", gateway.create_usage_plan, name="one more")


def test_a_stage_in_a_plan_has_20_methods_with_throttles_of_their_own(gateway):
    made = gateway.create_rest_api(name="throttles")
    for number in range(21):
        resource = gateway.create_resource(restApiId=made["id"], parentId=made["rootResourceId"], pathPart=f"m{number}")
        method = {"restApiId": made["id"], "resourceId": resource["id"], "httpMethod": "GET"}
        gateway.put_method(**method, authorizationType="NONE")
        world.put_mock(gateway, method, "{}")
    gateway.create_deployment(restApiId=made["id"], stageName="prod")

    def plan(count):
        throttle = {f"/m{number}/GET": {"burstLimit": 1, "rateLimit": 1.0} for number in range(count)}
        return {"name": "throttles", "apiStages": [{"apiId": made["id"], "stage": "prod", "throttle": throttle}]}

    gateway.create_usage_plan(**plan(20))
    refused("BadRequestException", gateway.create_usage_plan, **plan(21))


def test_times_to_live_and_times_to_wait(gateway, api, server):
    function = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:x/invocations"
    authorizer = {
        "restApiId": gateway.create_rest_api(name="times")["id"],
        "type": "TOKEN",
        "authorizerUri": function,
        "identitySource": "method.request.header.Authorization",
    }
    for seconds in (0, 3600):
        gateway.create_authorizer(**authorizer, name=f"a{seconds}", authorizerResultTtlInSeconds=seconds)
    refused("BadRequestException", gateway.create_authorizer, **authorizer, name="b", authorizerResultTtlInSeconds=3601)
    mock = {**api["method"], "type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "http://127.0.0.1:9/"}
    for milliseconds in (50, 29_000):
        gateway.put_integration(**mock, timeoutInMillis=milliseconds)
    for milliseconds in (49, 29_001):
        refused("BadRequestException", gateway.put_integration, **mock, timeoutInMillis=milliseconds)


def test_methods_and_routes_have_ten_scopes_and_a_jwt_authorizer_50_audiences(gateway, http, api, server):
    backend = serve(lambda request: (b"{}", 200))
    made, integration = make(http, backend, "quotas")
    authorizer = {
        "ApiId": made,
        "AuthorizerType": "JWT",
        "Name": "tokens",
        "IdentitySource": ["$request.header.Authorization"],
    }

    def trusts(count):
        return {"Issuer": backend.url, "Audience": [f"a{number}" for number in range(count)]}

    refused("BadRequestException", http.create_authorizer, **authorizer, JwtConfiguration=trusts(51))
    tokens = http.create_authorizer(**authorizer, JwtConfiguration=trusts(50))["AuthorizerId"]
    route = {
        "ApiId": made,
        "Target": f"integrations/{integration}",
        "AuthorizationType": "JWT",
        "AuthorizerId": tokens,
    }
    scopes = [f"s{number}" for number in range(11)]
    http.create_route(**route, RouteKey="GET /ten", AuthorizationScopes=scopes[:10])
    refused("BadRequestException", http.create_route, **route, RouteKey="GET /eleven", AuthorizationScopes=scopes)
    pool = server.client("cognito-idp").create_user_pool(PoolName="scopes")["UserPool"]["Arn"]
    rest = gateway.create_rest_api(name="scopes")
    users = gateway.create_authorizer(
        restApiId=rest["id"],
        name="pool",
        type="COGNITO_USER_POOLS",
        providerARNs=[pool],
        identitySource="method.request.header.Authorization",
    )["id"]
    method = {
        "restApiId": rest["id"],
        "resourceId": rest["rootResourceId"],
        "authorizationType": "COGNITO_USER_POOLS",
        "authorizerId": users,
    }
    gateway.put_method(**method, httpMethod="GET", authorizationScopes=scopes[:10])
    refused("BadRequestException", gateway.put_method, **method, httpMethod="POST", authorizationScopes=scopes)


def test_an_http_api_waits_30_seconds_and_has_ten_stages_and_300_routes(http, server):
    backend = serve(lambda request: (b"{}", 200))
    api = http.create_api(Name="quotas", **HTTP)["ApiId"]
    integration = {
        "ApiId": api,
        "IntegrationType": "HTTP_PROXY",
        "IntegrationMethod": "GET",
        "IntegrationUri": backend.url,
        "PayloadFormatVersion": "1.0",
    }
    for milliseconds in (50, 30_000):
        made = http.create_integration(**integration, TimeoutInMillis=milliseconds)["IntegrationId"]
    # boto3 knows these two itself.
    unchecked = server.client("apigatewayv2", config={"parameter_validation": False})
    for milliseconds in (49, 30_001):
        refused("BadRequestException", unchecked.create_integration, **integration, TimeoutInMillis=milliseconds)
    for number in range(300):
        http.create_route(ApiId=api, RouteKey=f"GET /r{number}", Target=f"integrations/{made}")
    one_more = {"ApiId": api, "RouteKey": "GET /one-more", "Target": f"integrations/{made}"}
    with pytest.raises(ClientError):
        http.create_route(**one_more)
    for number in range(10):
        http.create_stage(ApiId=api, StageName=f"s{number}")
    with pytest.raises(ClientError):
        http.create_stage(ApiId=api, StageName="s10")


def test_a_template_has_300_kilobytes_and_a_document_6_megabytes(gateway, api):
    def put(length):
        template = '{"statusCode": 200}' + " " * (length - 19)
        gateway.put_integration(**api["method"], type="MOCK", requestTemplates={"application/json": template})
        gateway.put_integration_response(**api["method"], statusCode="200")
        gateway.create_deployment(restApiId=api["id"])

    put(300 * 1024)
    refused("BadRequestException", put, length=300 * 1024 + 1)
    put(19)
    document = json.dumps({"openapi": "3.0.1", "info": {"title": "large", "version": "1"}, "paths": {}}).encode()
    gateway.import_rest_api(body=document + b" " * (6 * 1024 * 1024 - len(document)))
    with pytest.raises(ClientError):
        gateway.import_rest_api(body=document + b" " * (6 * 1024 * 1024 + 1 - len(document)))
