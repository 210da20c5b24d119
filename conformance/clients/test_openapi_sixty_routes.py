"""`examples/openapi/toyshop.yaml`: sixty routes of one document, imported, deployed and called, each of them."""

import base64
import json
import re
import types

import pytest
import requests
import yaml
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import world
from http_apis import serve
from portcullis import REPOSITORY
from test_functions import package
from test_openapi import exported, parts

FOLDER = REPOSITORY / "examples" / "openapi"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method")
DOCUMENT = yaml.safe_load((FOLDER / "toyshop.yaml").read_text())
ROUTES = [(m.upper(), path) for path, item in DOCUMENT["paths"].items() for m in item if m in METHODS]
VALUES = {"toyId": "bear", "reviewId": "7", "category": "wood", "basketId": "b1", "line": "2", "orderId": "o1",
          "day": "monday", "source": "bank", "proxy+": "a/b"}
BODIES = {
    "Toy": {"name": "bear", "age": 3, "kinds": ["plush"]},
    "Review": {"stars": 5},
    "Category": {"name": "wood"},
    "Line": {"toy": "bear", "count": 2},
    "Question": {"toy": "bear", "currency": "EUR"},
    "Order": {"lines": [{"toy": "bear", "count": 1}]},
    "Address": {"street": "Main", "same": {"street": "Side"}},
}
ASSUME = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


def answer_of_the_backend(request):
    if request.path.endswith("/none"):
        return b"{}", 404
    return json.dumps({"path": request.path, "body": {"by": "backend"}, "headers": dict(request.headers)}).encode(), 200


@pytest.fixture(scope="module")
def shop(server):
    """The document with everything around it that its README asks for."""
    backend = serve(answer_of_the_backend)
    guarded = world.build(server, "toyshop")
    lambdas, iam = server.client("lambda"), server.client("iam")
    for name, file in (("toyshop", "toyshop.py"), ("toyshop-judge", "judge.py")):
        lambdas.create_function(
            FunctionName=name, Runtime="python3.12", Handler="app.handler", Timeout=10,
            Role="arn:aws:iam::000000000000:role/lambda", Code={"ZipFile": package(app=(FOLDER / file).read_text())},
        )
        lambdas.add_permission(
            FunctionName=name, StatementId="api", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com"
        )
    secret = server.client("secretsmanager").create_secret(Name="toyshop/greeting", SecretString="hello")["ARN"]
    bus = server.client("events").create_event_bus(Name="toyshop")["EventBusArn"]
    iam.create_role(RoleName="toyshop-gateway", AssumeRolePolicyDocument=json.dumps(ASSUME))
    allowed = [{"Effect": "Allow", "Action": "events:PutEvents", "Resource": bus},
               {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret}]
    iam.put_role_policy(
        RoleName="toyshop-gateway", PolicyName="all",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allowed}),
    )
    apigateway = server.client("apigateway")
    text = (FOLDER / "toyshop.yaml").read_text().replace("TOYSHOP_POOL", guarded.pool)
    api = apigateway.import_rest_api(
        body=text, failOnWarnings=True, parameters={"endpointConfigurationTypes": "REGIONAL"}
    )["id"]
    apigateway.create_deployment(
        restApiId=api, stageName="prod", variables={"backend": backend.url.removeprefix("http://")}
    )
    token = server.client("cognito-idp").initiate_auth(
        ClientId=guarded.client, AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": world.PASSWORD},
    )["AuthenticationResult"]["IdToken"]
    plan = apigateway.create_usage_plan(name="partners", apiStages=[{"apiId": api, "stage": "prod"}])["id"]
    key = apigateway.create_api_key(name="partner", enabled=True, value="partner-key-of-twenty-symbols")
    apigateway.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    yield types.SimpleNamespace(api=api, token=token, key=key["value"], server=server, apigateway=apigateway)
    backend.shutdown()


def schema_of(path, method):
    body = DOCUMENT["paths"][path][method.lower()].get("requestBody", {}).get("content", {}).get("application/json", {})
    return body.get("schema", {}).get("$ref", "").rpartition("/")[2]


def call(shop, method, path, **more):
    """Calls a route as whom it wants."""
    url = shop.server.api(shop.api, "prod", re.sub(r"\{([^}]+)\}", lambda found: VALUES[found[1]], path))
    headers, params = dict(more.pop("headers", {})), dict(more.pop("params", {}))
    if path.startswith("/me"):
        headers["Authorization"] = shop.token
    if path.startswith("/staff") or path == "/partners/orders":
        headers["Authorization"] = "staff-open"
    if path.startswith("/partners"):
        headers["x-api-key"] = shop.key
    if path.startswith("/webhooks"):
        headers["X-Signature"], params["from"] = "right", "bank"
    if path == "/prices" and method == "GET":
        params["currency"] = "EUR"
    if method in ("POST", "PUT", "PATCH") and "json" not in more:
        more["json"] = BODIES.get(schema_of(path, method), {"some": "thing"})
    if path == "/toys/{toyId}/pictures" and method == "POST":
        del more["json"]
        more["data"], headers["Content-Type"] = b"\x89PNG\x00\xff", "image/png"
    if path.startswith("/reports"):
        request = AWSRequest("GET", url, headers=headers)
        credentials = Credentials(shop.server.credentials["access_key_id"], shop.server.credentials["secret_access_key"])
        SigV4Auth(credentials, "execute-api", shop.server.endpoints["region"]).add_auth(request)
        headers = dict(request.headers)
    session = requests.Session()
    session.trust_env = False
    return session.request(method, url, headers=headers, params=params, **more)


def expected(method, path):
    """What a route answers: its status, and what its body holds."""
    if method == "OPTIONS":
        return 204, ""
    if path == "/":
        return 200, "<h1>Toys</h1>"
    if path in ("/health", "/version", "/echo"):
        return 200, {"/health": '"healthy"', "/version": '"stage": "prod"', "/echo": '"method": "POST"'}[path]
    if path.startswith(("/toys", "/legacy")):
        return 200, "" if method == "HEAD" else '"by": "backend"'
    if path.startswith("/categories"):
        return 200, '"seen": "/categories'
    if path.startswith(("/prices", "/discounts")):
        return 200, '"amount"'
    if path in ("/orders", "/orders/{orderId}/cancel", "/returns"):
        return 202, '"FailedEntryCount":0'
    if path == "/greeting":
        return 200, '"greeting": "hello"'
    if path.startswith("/me"):
        return 200, '"customer": "'
    return 200, '"by": "toyshop"'


def test_the_document_has_sixty_routes():
    assert len(ROUTES) == 60


@pytest.mark.parametrize("method, path", ROUTES, ids=[f"{m} {p}" for m, p in ROUTES])
def test_route_answers_through_its_integration(shop, method, path):
    status, held = expected(method, path)
    answer = call(shop, "DELETE" if method.startswith("X-") else method, path)
    assert answer.status_code == status, answer.text
    assert held in answer.text.replace('": 0', '":0')


@pytest.mark.parametrize(
    "path, method, more, status, held",
    [
        ("/toys", "POST", {"json": {"name": "", "age": -1}}, 422, "minimum"),
        ("/toys/{toyId}", "PUT", {"json": {"age": 1}}, 422, "name"),
        ("/toys", "POST", {"json": {"name": "a", "age": 1, "kinds": ["iron"]}}, 422, "not found in enum"),
        ("/orders", "POST", {"json": {"lines": []}}, 422, "array is too short"),
        ("/prices/{toyId}", "GET", {}, 200, '"currency":"'),
        ("/categories/{category}", "PUT", {"json": {"name": "NO"}}, 422, "does not match"),
        ("/version", "GET", {"params": {"fail": "yes"}}, 503, '"failed"'),
        ("/prices", "POST", {"json": {"toy": "unicorn", "currency": "EUR"}}, 200, "not for sale"),
        ("/echo", "POST", {"data": "<a/>", "json": None, "headers": {"Content-Type": "text/xml"}}, 415, "Unsupported"),
    ],
)
def test_what_the_document_asks_for_is_enforced(shop, path, method, more, status, held):
    answer = call(shop, method, path, **more)
    assert answer.status_code == status, answer.text
    assert held in answer.text.replace('": "', '":"')


def test_callers_without_what_a_route_wants_are_refused(shop, web):
    def status(method, path, **headers):
        return web.request(method, shop.server.api(shop.api, "prod", path), headers=headers).status_code

    assert status("GET", "/me") == 401
    assert status("GET", "/staff/stock") == 401
    assert status("GET", "/staff/stock", Authorization="staff-closed") == 403
    assert status("GET", "/staff/stock", Authorization="nobody") == 401
    assert status("GET", "/partners/toys") == 403
    assert status("POST", "/partners/orders", **{"x-api-key": shop.key}) == 401
    # Who does not sign lacks an authentication token, which the document answers by 404.
    assert status("GET", "/reports") == 404
    assert status("GET", "/reports/monday") == 404
    assert status("POST", "/webhooks/bank?from=bank", **{"X-Signature": "wrong"}) == 403
    assert status("POST", "/webhooks/bank") == 401
    missing = web.get(shop.server.api(shop.api, "prod", "/nowhere"))
    assert (missing.status_code, missing.json()) == (404, {"message": "no such toy"})
    refused = web.get(shop.server.api(shop.api, "prod", "/prices"))
    assert refused.status_code == 400
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert refused.json()["message"] == "Missing required request parameters: [currency]"


def test_mappings_of_the_document_reach_the_backend(shop):
    seen = call(shop, "GET", "/toys", params=[("kind", "a"), ("kind", "b")]).json()
    headers = {name.lower(): value for name, value in seen["headers"].items()}
    assert (headers["x-stage"], headers["x-fixed"]) == ("prod", "catalogue")
    assert call(shop, "GET", "/toys/{toyId}/reviews/{reviewId}").json()["path"] == "/toys/bear"


@pytest.mark.parametrize("kind, accepts", [("oas30", "application/yaml"), ("swagger", "application/json")])
def test_import_export_import_makes_the_same_sixty_routes(shop, kind, accepts):
    body = exported(shop.apigateway, shop.api, kind, accepts)
    again = shop.apigateway.import_rest_api(
        body=body, failOnWarnings=True, parameters={"endpointConfigurationTypes": "REGIONAL"}
    )["id"]
    made, first = parts(shop.apigateway, again), parts(shop.apigateway, shop.api)
    assert len([1 for method, _ in made["methods"] if method]) == 60
    for name in first:
        assert made[name] == first[name], name
