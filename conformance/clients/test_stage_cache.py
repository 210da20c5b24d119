"""The response cache of stages: what is kept, for whom, how long, who may have it made anew or flushed."""

import http.server
import json
import threading
import types

import botocore.exceptions
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from portcullis import until
from world import add_user, put_mock, sign_in


class Backend(http.server.BaseHTTPRequestHandler):
    """Counts, and says what it is asked to say."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked += 1
        kind = self.path.split("?")[0].rsplit("/", 1)[-1]
        body = b"%d " % self.server.asked + b"x" * (1_048_576 if kind == "long" else 0)
        self.send_response(500 if kind == "failing" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "text/plain")
        extra = {
            "cookie": ("Set-Cookie", "session=1"),
            "private": ("Cache-Control", "max-age=60, Private"),
            "nostore": ("Cache-Control", "no-store"),
        }
        if kind in extra:
            self.send_header(*extra[kind])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def backend():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    server.asked = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def apigateway(server):
    return server.client("apigateway")


def replace(path, value):
    return {"op": "replace", "path": path, "value": value}


class Kept:
    """An API with GET /{kind} to the backend, kept by its path."""

    def __init__(self, server, apigateway, backend, name, **settings):
        self.server, self.apigateway = server, apigateway
        self.api = apigateway.create_rest_api(name=name, **settings)["id"]
        self.root = apigateway.get_resources(restApiId=self.api)["items"][0]["id"]
        self.resource = apigateway.create_resource(restApiId=self.api, parentId=self.root, pathPart="{kind}")["id"]
        self.method = {"restApiId": self.api, "resourceId": self.resource, "httpMethod": "GET"}
        self.backend = backend

    def build(self, keys=("method.request.path.kind",), authorization=None, **more):
        parameters = {"method.request.path.kind": True}
        self.apigateway.put_method(
            **self.method, requestParameters=parameters, **(authorization or {"authorizationType": "NONE"})
        )
        self.apigateway.put_integration(
            **self.method,
            type="HTTP_PROXY",
            integrationHttpMethod="GET",
            uri=f"http://127.0.0.1:{self.backend.server_port}/{{kind}}",
            requestParameters={"integration.request.path.kind": "method.request.path.kind"},
            cacheKeyParameters=list(keys),
            **more,
        )
        return self.deploy()

    def deploy(self, **more):
        made = self.apigateway.create_deployment(restApiId=self.api, stageName="prod", **more)["id"]
        return made

    def switch_on(self, *operations):
        return self.update(
            replace("/cacheClusterEnabled", "true"),
            replace("/cacheClusterSize", "0.5"),
            replace("/*/*/caching/enabled", "true"),
            *operations,
        )

    def update(self, *operations):
        return self.apigateway.update_stage(restApiId=self.api, stageName="prod", patchOperations=list(operations))

    def get(self, path="/plain", **headers):
        with requests.Session() as session:
            session.trust_env = False
            return session.get(self.server.api(self.api, "prod", path), headers=headers)

    def says(self, path="/plain", **headers):
        answer = self.get(path, **headers)
        assert answer.status_code in (200, 500), answer.text
        return answer.text.split()[0]


@pytest.fixture
def kept(server, apigateway, backend, request):
    made = Kept(server, apigateway, backend, request.node.name)
    made.build()
    made.switch_on()
    yield made
    apigateway.delete_rest_api(restApiId=made.api)


def test_settings_have_the_shapes_of_the_service(kept, apigateway):
    stage = apigateway.get_stage(restApiId=kept.api, stageName="prod")
    assert (stage["cacheClusterEnabled"], stage["cacheClusterSize"], stage["cacheClusterStatus"]) == (
        True,
        "0.5",
        "AVAILABLE",
    )
    changed = kept.update(
        replace("/*/*/caching/ttlInSeconds", "60"),
        replace("/*/*/caching/dataEncrypted", "true"),
        replace("/*/*/caching/requireAuthorizationForCacheControl", "false"),
        replace("/*/*/caching/unauthorizedCacheControlHeaderStrategy", "FAIL_WITH_403"),
    )["methodSettings"]["*/*"]
    assert {name: changed[name] for name in changed if name.startswith(("cach", "req", "un"))} == {
        "cachingEnabled": True,
        "cacheTtlInSeconds": 60,
        "cacheDataEncrypted": True,
        "requireAuthorizationForCacheControl": False,
        "unauthorizedCacheControlHeaderStrategy": "FAIL_WITH_403",
    }
    assert apigateway.get_integration(**kept.method)["cacheKeyParameters"] == ["method.request.path.kind"]
    for path, value in (
        ("/cacheClusterSize", "2"),
        ("/*/*/caching/ttlInSeconds", "3601"),
        ("/*/*/caching/ttlInSeconds", "-1"),
        ("/*/*/caching/enabled", "perhaps"),
        ("/*/*/caching/unauthorizedCacheControlHeaderStrategy", "SHRUG"),
    ):
        with pytest.raises(apigateway.exceptions.BadRequestException):
            kept.update(replace(path, value))


def test_answer_is_kept_until_its_time_is_over(kept):
    first = kept.says()
    assert kept.says() == first
    kept.update(replace("/*/*/caching/ttlInSeconds", "1"))
    short = kept.says("/short")
    assert until("the answer's time to be over", lambda: kept.says("/short") != short)
    kept.update(replace("/*/*/caching/ttlInSeconds", "0"))
    none = kept.says("/none")
    assert kept.says("/none") != none


@pytest.mark.parametrize("path", ["/long", "/failing", "/cookie", "/private", "/nostore"])
def test_what_is_too_long_or_for_one_alone_is_not_kept(kept, path):
    assert kept.says(path) != kept.says(path)


def test_flush_drops_everything_at_once(kept, apigateway):
    first = kept.says()
    assert kept.says() == first
    apigateway.flush_stage_cache(restApiId=kept.api, stageName="prod")
    assert kept.says() != first
    with pytest.raises(apigateway.exceptions.NotFoundException):
        apigateway.flush_stage_cache(restApiId=kept.api, stageName="nowhere")


class Guard(http.server.BaseHTTPRequestHandler):
    """A function, as the Lambda Invoke API has it: it lets everybody in and counts."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked += 1
        allowed = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event["methodArn"]}
        policy = {"Version": "2012-10-17", "Statement": [allowed]}
        body = json.dumps({"principalId": str(self.server.asked), "policyDocument": policy}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_flushing_the_authorizers_of_a_stage_has_its_callers_asked_again_and_no_other_stages(own_server, web):
    function = "arn:aws:lambda:us-east-1:000000000000:function:guard"
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Guard) as guard:
        guard.asked = 0
        threading.Thread(target=guard.serve_forever, daemon=True).start()
        server = own_server("--function", f"{function}=http://127.0.0.1:{guard.server_port}")
        apigateway = server.client("apigateway")
        made = apigateway.create_rest_api(name="flushed", endpointConfiguration={"types": ["REGIONAL"]})
        api = made["id"]
        authorizer = apigateway.create_authorizer(
            restApiId=api,
            name="guard",
            type="TOKEN",
            authorizerUri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations",
            identitySource="method.request.header.Authorization",
            authorizerResultTtlInSeconds=3600,
        )["id"]
        method = {"restApiId": api, "resourceId": made["rootResourceId"], "httpMethod": "GET"}
        apigateway.put_method(**method, authorizationType="CUSTOM", authorizerId=authorizer)
        put_mock(apigateway, method, '"$context.authorizer.principalId"')
        for stage in ("one", "two"):
            apigateway.create_deployment(restApiId=api, stageName=stage)

        def principal(stage):
            answer = web.get(server.api(api, stage, "/"), headers={"Authorization": "me"})
            assert answer.status_code == 200, answer.text
            return answer.json()

        kept = {stage: principal(stage) for stage in ("one", "two")}
        # A thread keeps its own results: asked often enough, each has one.
        for _ in range(30):
            principal("one"), principal("two")
        known = guard.asked
        for _ in range(10):
            principal("one"), principal("two")
        assert guard.asked == known and kept
        apigateway.flush_stage_authorizers_cache(restApiId=api, stageName="one")
        principal("two")
        assert guard.asked == known
        assert int(principal("one")) == guard.asked == known + 1
        with pytest.raises(apigateway.exceptions.NotFoundException):
            apigateway.flush_stage_authorizers_cache(restApiId=api, stageName="nowhere")
        guard.shutdown()


def test_kept_answers_outlive_a_change_of_the_stage_but_not_of_the_cluster(kept):
    first = kept.says()
    kept.update(replace("/description", "changed"))
    assert kept.says() == first
    kept.update(replace("/cacheClusterSize", "1.6"))
    second = kept.says()
    assert second != first
    kept.update(replace("/cacheClusterEnabled", "false"))
    assert kept.says() != kept.says()


def test_no_deployment_answers_for_another(kept):
    first = kept.says()
    before = kept.apigateway.get_stage(restApiId=kept.api, stageName="prod")["deploymentId"]
    kept.deploy()
    second = kept.says()
    assert second != first
    kept.update(replace("/deploymentId", before))
    assert kept.says() == first


def test_canary_has_answers_of_its_own_unless_it_uses_the_stages(kept):
    kept.update({"op": "replace", "path": "/variables/x", "value": "y"})
    first = kept.says()
    kept.deploy(canarySettings={"percentTraffic": 100, "useStageCache": False})
    own = kept.says()
    assert own != first and kept.says() == own
    kept.update(replace("/canarySettings/useStageCache", "true"))
    assert kept.says() == first


def test_namespace_joins_resources(server, apigateway, backend):
    one = Kept(server, apigateway, backend, "namespaces")
    one.build(keys=(), cacheNamespace="shared")
    other = apigateway.create_resource(restApiId=one.api, parentId=one.root, pathPart="other")["id"]
    method = {"restApiId": one.api, "resourceId": other, "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="NONE")
    apigateway.put_integration(
        **method,
        type="HTTP_PROXY",
        integrationHttpMethod="GET",
        uri=f"http://127.0.0.1:{backend.server_port}/other",
        cacheNamespace="shared",
    )
    one.deploy()
    one.switch_on()
    # Without key parameters everything of the namespace is one answer, as on AWS.
    assert one.says("/a") == one.says("/b") == one.says("/other")


def test_key_that_is_no_parameter_is_refused_at_deployment(server, apigateway, backend):
    one = Kept(server, apigateway, backend, "bad-keys")
    with pytest.raises(apigateway.exceptions.BadRequestException, match="cacheKeyParameters"):
        one.build(keys=("method.request.querystring.undeclared",))


@pytest.fixture(scope="module")
def pool(server):
    cognito = server.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="stage-cache")["UserPool"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool["Id"], ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    )["UserPoolClient"]["ClientId"]
    for name in ("ada", "eve"):
        add_user(cognito, pool["Id"], name)
    tokens = lambda name: sign_in(cognito, client, name)["IdToken"]
    return types.SimpleNamespace(arn=pool["Arn"], token=tokens)


def test_one_callers_answer_never_reaches_another_unless_the_stage_says_so(server, apigateway, backend, pool):
    one = Kept(server, apigateway, backend, "callers")
    authorizer = apigateway.create_authorizer(
        restApiId=one.api,
        name="pool",
        type="COGNITO_USER_POOLS",
        providerARNs=[pool.arn],
        identitySource="method.request.header.Authorization",
    )["id"]
    one.build(authorization={"authorizationType": "COGNITO_USER_POOLS", "authorizerId": authorizer})
    one.switch_on()
    ada, eve = pool.token("ada"), pool.token("eve")
    adas = one.says(Authorization=ada)
    assert one.says(Authorization=ada) == adas
    # Another token of the same user is the same caller.
    assert one.says(Authorization=pool.token("ada")) == adas
    eves = one.says(Authorization=eve)
    assert eves != adas
    assert one.get().status_code == 401
    with pytest.raises(botocore.exceptions.ClientError, match="own` or `shared"):
        apigateway.create_stage(
            restApiId=one.api,
            stageName="wrong",
            deploymentId=apigateway.get_stage(restApiId=one.api, stageName="prod")["deploymentId"],
            tags={"portcullis:cache-callers": "everybody"},
        )


def test_who_may_invalidate(server, apigateway, backend):
    iam = server.client("iam")
    iam.create_user(UserName="refresher")
    key = iam.create_access_key(UserName="refresher")["AccessKey"]
    credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    one = Kept(server, apigateway, backend, "invalidation")
    one.build(authorization={"authorizationType": "AWS_IAM"})
    one.switch_on()

    def allow(*actions):
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": f"arn:aws:execute-api:*:*:{one.api}/*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="refresher", PolicyName="call", PolicyDocument=document)

    def ask(fresh=False):
        url = server.api(one.api, "prod", "/plain")
        request = AWSRequest(method="GET", url=url)
        SigV4Auth(credentials, "execute-api", "us-east-1").add_auth(request)
        headers = dict(request.headers.items())
        if fresh:
            headers["Cache-Control"] = "max-age=0"
        with requests.Session() as session:
            session.trust_env = False
            return session.get(url, headers=headers)

    allow("execute-api:Invoke")
    first = ask().text
    ignored = ask(fresh=True)
    assert ignored.text == first and "InvalidateCache" in ignored.headers["Warning"]
    one.update(replace("/*/*/caching/unauthorizedCacheControlHeaderStrategy", "SUCCEED_WITHOUT_RESPONSE_HEADER"))
    ignored = ask(fresh=True)
    assert ignored.text == first and "Warning" not in ignored.headers
    one.update(replace("/*/*/caching/unauthorizedCacheControlHeaderStrategy", "FAIL_WITH_403"))
    assert ask(fresh=True).status_code == 403 and ask().text == first
    allow("execute-api:Invoke", "execute-api:InvalidateCache")
    renewed = ask(fresh=True)
    assert renewed.status_code == 200 and renewed.text != first and "Warning" not in renewed.headers
    assert ask().text == renewed.text


def test_everybody_may_invalidate_where_the_policy_or_the_setting_says_so(server, apigateway, backend):
    statement = lambda action: {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "execute-api:/*"}
    policy = {"Version": "2012-10-17", "Statement": [statement("execute-api:Invoke")]}
    one = Kept(server, apigateway, backend, "open-invalidation", policy=json.dumps(policy))
    one.build()
    one.switch_on()
    fresh = {"Cache-Control": "max-age=0"}
    first = one.says()
    assert one.says(**fresh) == first
    one.update(replace("/*/*/caching/requireAuthorizationForCacheControl", "false"))
    second = one.says(**fresh)
    assert second != first and one.says() == second
    one.update(replace("/*/*/caching/requireAuthorizationForCacheControl", "true"))
    assert one.says(**fresh) == second
    policy["Statement"].append(statement("execute-api:InvalidateCache"))
    apigateway.update_rest_api(restApiId=one.api, patchOperations=[replace("/policy", json.dumps(policy))])
    one.deploy()
    third = one.says()
    assert one.says(**fresh) != third


def test_hits_and_misses_are_counted(server, kept):
    token = (server.data / "metrics.token").read_text().strip()

    def counts():
        with requests.Session() as session:
            session.trust_env = False
            text = session.get(f"{server.endpoints['admin']}/metrics", headers={"Authorization": f"Bearer {token}"}).text
        lines = [line for line in text.splitlines() if 'layer="cache"' in line]
        return {outcome: sum(float(line.split()[-1]) for line in lines if f'"{outcome}"' in line) for outcome in ("answer", "continue")}

    before = counts()
    for _ in range(3):
        kept.says("/counted")
    after = counts()
    assert after["answer"] - before["answer"] == 2 and after["continue"] - before["continue"] == 1


def test_encrypted_answers_come_back(kept):
    kept.update(replace("/*/*/caching/dataEncrypted", "true"))
    first = kept.get("/sealed")
    again = kept.get("/sealed")
    assert again.text == first.text and again.headers["Content-Type"] == "text/plain"
