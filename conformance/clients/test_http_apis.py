"""HTTP APIs: every operation of apigatewayv2, and JWT authorizers with issuers that are ours and with one that is not."""

import base64
import datetime
import json
import ssl
import time

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

import world
from portcullis import until
from http_apis import HTTP, Issuer, make, refused_by, serve, url


@pytest.fixture(scope="module")
def backend():
    """Says what reached it."""

    def echo(request):
        seen = {"method": request.command, "path": request.path, "headers": dict(request.headers)}
        return json.dumps(seen).encode(), 200

    server = serve(echo)
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def issuer():
    provider = Issuer()
    yield provider
    provider.server.shutdown()


@pytest.fixture(scope="module")
def apigatewayv2(server):
    return server.client("apigatewayv2")


def test_api_is_made_read_changed_and_deleted(apigatewayv2):
    cors = {"AllowOrigins": ["https://a.example"], "AllowMethods": ["GET"], "MaxAge": 60}
    made = apigatewayv2.create_api(Name="one", **HTTP, CorsConfiguration=cors, Tags={"team": "red"})
    api = made["ApiId"]
    assert made["ApiEndpoint"] == f"https://{api}.execute-api.us-east-1.amazonaws.com"
    assert (made["ProtocolType"], made["CorsConfiguration"], made["Tags"]) == ("HTTP", cors, {"team": "red"})
    assert made["CreatedDate"].timestamp() > 0
    changed = apigatewayv2.update_api(ApiId=api, Description="changed")
    assert (changed["Name"], changed["Description"], changed["CorsConfiguration"]) == ("one", "changed", cors)
    apigatewayv2.delete_cors_configuration(ApiId=api)
    assert "CorsConfiguration" not in apigatewayv2.get_api(ApiId=api)
    assert api in {item["ApiId"] for item in apigatewayv2.get_apis(MaxResults="500")["Items"]}
    apigatewayv2.delete_api(ApiId=api)
    with pytest.raises(apigatewayv2.exceptions.NotFoundException):
        apigatewayv2.get_api(ApiId=api)


def test_parts_are_made_read_changed_and_deleted(apigatewayv2, backend):
    api, integration = make(apigatewayv2, backend, "parts", {"RouteKey": "GET /a"})
    target = f"integrations/{integration}"
    found = apigatewayv2.get_integration(ApiId=api, IntegrationId=integration)
    assert (found["TimeoutInMillis"], found["PayloadFormatVersion"], found["ConnectionType"]) == (30_000, "1.0", "INTERNET")
    changed = apigatewayv2.update_integration(ApiId=api, IntegrationId=integration, TimeoutInMillis=900)
    assert (changed["TimeoutInMillis"], changed["IntegrationUri"]) == (900, f"{backend.url}/base")
    assert len(apigatewayv2.get_integrations(ApiId=api)["Items"]) == 1

    authorizer = apigatewayv2.create_authorizer(
        ApiId=api,
        AuthorizerType="JWT",
        Name="users",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": "https://issuer.example", "Audience": ["shop"]},
    )["AuthorizerId"]
    changed = apigatewayv2.update_authorizer(ApiId=api, AuthorizerId=authorizer, Name="people")
    assert (changed["Name"], changed["JwtConfiguration"]["Audience"]) == ("people", ["shop"])
    assert apigatewayv2.get_authorizer(ApiId=api, AuthorizerId=authorizer)["Name"] == "people"
    assert len(apigatewayv2.get_authorizers(ApiId=api)["Items"]) == 1

    route = apigatewayv2.create_route(ApiId=api, RouteKey="PUT /b", Target=target)["RouteId"]
    changed = apigatewayv2.update_route(
        ApiId=api, RouteId=route, AuthorizationType="JWT", AuthorizerId=authorizer, AuthorizationScopes=["read"]
    )
    assert (changed["RouteKey"], changed["AuthorizationScopes"]) == ("PUT /b", ["read"])
    assert apigatewayv2.get_route(ApiId=api, RouteId=route)["AuthorizerId"] == authorizer
    first = apigatewayv2.get_routes(ApiId=api, MaxResults="1")
    rest = apigatewayv2.get_routes(ApiId=api, NextToken=first["NextToken"])
    assert {item["RouteKey"] for item in first["Items"] + rest["Items"]} == {"GET /a", "PUT /b"}

    deployment = apigatewayv2.create_deployment(ApiId=api, Description="by hand", StageName="dev")["DeploymentId"]
    changed = apigatewayv2.update_deployment(ApiId=api, DeploymentId=deployment, Description="renamed")
    assert changed["Description"] == "renamed"
    assert apigatewayv2.get_deployment(ApiId=api, DeploymentId=deployment)["AutoDeployed"] is False
    assert len(apigatewayv2.get_deployments(ApiId=api)["Items"]) == 2
    changed = apigatewayv2.update_stage(ApiId=api, StageName="dev", StageVariables={"x": "1"})
    assert (changed["DeploymentId"], changed["StageVariables"]) == (deployment, {"x": "1"})
    assert {stage["StageName"] for stage in apigatewayv2.get_stages(ApiId=api)["Items"]} == {"$default", "dev"}
    automatic = apigatewayv2.get_stage(ApiId=api, StageName="$default")
    assert automatic["LastDeploymentStatusMessage"].startswith("Successfully deployed stage")

    apigatewayv2.delete_stage(ApiId=api, StageName="dev")
    apigatewayv2.delete_deployment(ApiId=api, DeploymentId=deployment)
    apigatewayv2.delete_route(ApiId=api, RouteId=route)
    apigatewayv2.delete_authorizer(ApiId=api, AuthorizerId=authorizer)
    with pytest.raises(apigatewayv2.exceptions.ConflictException):
        apigatewayv2.delete_integration(ApiId=api, IntegrationId=integration)


def test_what_this_server_would_not_act_on_is_refused_by_name(apigatewayv2, backend):
    api, integration = make(apigatewayv2, backend, "refused", {"RouteKey": "GET /a"})
    calls = [
        (apigatewayv2.create_api, {"Name": "x", "ProtocolType": "WEBSOCKET"}, "protocolType"),
        (apigatewayv2.update_api, {"ApiId": api, "DisableSchemaValidation": True}, "disableSchemaValidation"),
        (
            apigatewayv2.create_integration,
            {"ApiId": api, "IntegrationType": "HTTP_PROXY", "TlsConfig": {"ServerNameToVerify": "x"}},
            "tlsConfig",
        ),
        (
            apigatewayv2.update_stage,
            {"ApiId": api, "StageName": "$default", "DefaultRouteSettings": {"DataTraceEnabled": True}},
            "dataTraceEnabled",
        ),
        (apigatewayv2.update_stage, {"ApiId": api, "StageName": "$default", "ClientCertificateId": "x"}, "clientCertificateId"),
        (apigatewayv2.create_api, {"Name": "x", "ProtocolType": "HTTP", "Target": backend.url, "CredentialsArn": "x"}, "credentialsArn"),
        (
            apigatewayv2.create_integration,
            {"ApiId": api, "IntegrationType": "AWS_PROXY", "IntegrationSubtype": "SQS-SendMessage"},
            "integrationSubtype",
        ),
        (apigatewayv2.create_route, {"ApiId": api, "RouteKey": "GET /b", "ApiKeyRequired": True}, "apiKeyRequired"),
    ]
    for call, arguments, field in calls:
        with pytest.raises(ClientError) as refusal:
            call(**arguments)
        assert refusal.value.response["Error"]["Code"] == "BadRequestException"
        assert field in str(refusal.value)


def test_change_is_served_when_the_call_has_answered(server, web, apigatewayv2, backend):
    api, integration = make(apigatewayv2, backend, "live")
    assert web.get(url(server, api, "/a")).status_code == 404
    route = apigatewayv2.create_route(ApiId=api, RouteKey="GET /a", Target=f"integrations/{integration}")["RouteId"]
    answer = web.get(url(server, api, "/a?x=1"))
    assert (answer.status_code, answer.json()["path"]) == (200, "/base?x=1")
    assert "apigw-requestid" in answer.headers and "x-amzn-requestid" not in answer.headers
    apigatewayv2.update_route(ApiId=api, RouteId=route, RouteKey="GET /b")
    assert web.get(url(server, api, "/a")).status_code == 404
    assert web.get(url(server, api, "/b")).status_code == 200
    host = {"Host": f"{api}.execute-api.us-east-1.amazonaws.com"}
    assert web.get(f"{server.endpoints['public']['http']}/b", headers=host).status_code == 200
    apigatewayv2.delete_stage(ApiId=api, StageName="$default")
    assert web.get(url(server, api, "/b")).status_code == 403


def test_quick_create_serves_at_once(server, web, apigatewayv2, backend):
    api = apigatewayv2.create_api(Name="quick", **HTTP, Target=f"{backend.url}/quick")["ApiId"]
    answer = web.put(url(server, api, "/anything"), data="x")
    assert (answer.status_code, answer.json()["method"], answer.json()["path"]) == (200, "PUT", "/quick")


def test_stage_throttles_its_routes_and_logs_its_requests(server, web, apigatewayv2, backend):
    api, integration = make(apigatewayv2, backend, "settled", {"RouteKey": "GET /rare"}, {"RouteKey": "GET /often"})
    stage = {"ApiId": api, "StageName": "$default"}
    log = {"DestinationArn": "arn:aws:logs:us-east-1:000000000000:log-group:http-apis", "Format": "$context.routeKey $context.status $context.requestId"}
    few = {"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 0.001}
    changed = apigatewayv2.update_stage(**stage, AccessLogSettings=log, RouteSettings={"GET /rare": few})
    assert changed["AccessLogSettings"] == log
    assert changed["RouteSettings"]["GET /rare"]["ThrottlingBurstLimit"] == 1
    statuses = [web.get(url(server, api, path)).status_code for path in ("/rare", "/rare", "/often", "/often")]
    assert statuses == [200, 429, 200, 200]
    # Settings of another route leave these.
    changed = apigatewayv2.update_stage(**stage, RouteSettings={"GET /often": few})
    assert set(changed["RouteSettings"]) == {"GET /rare", "GET /often"}
    apigatewayv2.delete_route_settings(**stage, RouteKey="GET /rare")
    with pytest.raises(apigatewayv2.exceptions.NotFoundException):
        apigatewayv2.delete_route_settings(**stage, RouteKey="GET /rare")
    assert web.get(url(server, api, "/rare")).status_code == 200
    changed = apigatewayv2.update_stage(**stage, DefaultRouteSettings={"ThrottlingRateLimit": 7.5})
    assert changed["DefaultRouteSettings"]["ThrottlingRateLimit"] == 7.5
    apigatewayv2.delete_access_log_settings(**stage)
    assert "AccessLogSettings" not in apigatewayv2.get_stage(**stage)
    web.get(url(server, api, "/rare"))
    expected = ["GET /rare 200", "GET /rare 429", "GET /often 200", "GET /often 200", "GET /rare 200"]
    file = server.data / "logs" / "access" / "http-apis.log"
    assert until("the lines of the log", lambda: file.exists() and len(file.read_text().splitlines()) == 5)
    assert [line.rsplit(" ", 1)[0] for line in file.read_text().splitlines()] == expected


def test_tags_are_given_read_and_taken(server, apigatewayv2, backend):
    api, _ = make(apigatewayv2, backend, "tagged", Tags={"team": "red"})
    of_api = f"arn:aws:apigateway:us-east-1::/apis/{api}"
    of_stage = f"{of_api}/stages/$default"
    apigatewayv2.tag_resource(ResourceArn=of_api, Tags={"tier": "one", "team": "blue"})
    apigatewayv2.tag_resource(ResourceArn=of_stage, Tags={"a": "1", "b": "2"})
    assert apigatewayv2.get_tags(ResourceArn=of_api)["Tags"] == {"team": "blue", "tier": "one"}
    assert apigatewayv2.get_api(ApiId=api)["Tags"] == {"team": "blue", "tier": "one"}
    apigatewayv2.untag_resource(ResourceArn=of_stage, TagKeys=["a", "b", "c"])
    apigatewayv2.untag_resource(ResourceArn=of_api, TagKeys=["team"])
    assert apigatewayv2.get_tags(ResourceArn=of_stage)["Tags"] == {}
    assert apigatewayv2.get_tags(ResourceArn=of_api)["Tags"] == {"tier": "one"}
    for arn in ("arn:aws:apigateway:us-east-1::/apis/none", "arn:aws:apigateway:eu-west-1::/apis/" + api, "x"):
        with pytest.raises(apigatewayv2.exceptions.NotFoundException):
            apigatewayv2.get_tags(ResourceArn=arn)


def test_deployment_by_hand_waits_for_the_stage_to_point_at_it(server, web, apigatewayv2, backend):
    api = apigatewayv2.create_api(Name="by hand", **HTTP)["ApiId"]
    integration = apigatewayv2.create_integration(
        ApiId=api, IntegrationType="HTTP_PROXY", IntegrationMethod="GET", IntegrationUri=f"{backend.url}/${{stageVariables.to}}"
    )["IntegrationId"]
    apigatewayv2.create_route(ApiId=api, RouteKey="GET /a", Target=f"integrations/{integration}")
    deployment = apigatewayv2.create_deployment(ApiId=api)["DeploymentId"]
    apigatewayv2.create_stage(ApiId=api, StageName="dev", DeploymentId=deployment, StageVariables={"to": "here"})
    assert web.get(url(server, api, "/a", "dev")).json()["path"] == "/here"
    apigatewayv2.create_route(ApiId=api, RouteKey="GET /b", Target=f"integrations/{integration}")
    assert web.get(url(server, api, "/b", "dev")).status_code == 404
    apigatewayv2.create_deployment(ApiId=api, StageName="dev")
    assert web.get(url(server, api, "/b", "dev")).json()["path"] == "/here"


def test_claims_reach_the_backend_and_a_caller_cannot_speak_in_their_place(server, web, apigatewayv2, backend, issuer):
    api = apigatewayv2.create_api(Name="mapped", **HTTP)["ApiId"]
    integration = apigatewayv2.create_integration(
        ApiId=api,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="ANY",
        IntegrationUri=f"{backend.url}/base",
        RequestParameters={
            "overwrite:header.x-user": "$context.authorizer.claims.sub",
            "overwrite:header.x-role": "$context.authorizer.claims.role",
            "overwrite:path": "/users/${request.path.id}",
        },
    )["IntegrationId"]
    authorizer = apigatewayv2.create_authorizer(
        ApiId=api,
        AuthorizerType="JWT",
        Name="foreign",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": issuer.url, "Audience": ["shop"]},
    )["AuthorizerId"]
    apigatewayv2.create_route(
        ApiId=api,
        RouteKey="GET /u/{id}",
        Target=f"integrations/{integration}",
        AuthorizationType="JWT",
        AuthorizerId=authorizer,
    )
    apigatewayv2.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    headers = {"Authorization": issuer.token(), "x-user": "root", "x-role": "admin"}
    seen = web.get(url(server, api, "/u/7"), headers=headers).json()
    found = {name.lower(): value for name, value in seen["headers"].items()}
    assert (seen["path"], found["x-user"], "x-role" in found) == ("/users/7", "eve", False)
    with pytest.raises(ClientError) as refusal:
        apigatewayv2.create_deployment(ApiId=api, StageName="$default")
    assert "autoDeploy" in str(refusal.value)


@pytest.fixture(scope="module")
def foreign(apigatewayv2, backend, issuer):
    """An API whose callers come from the foreign issuer."""
    api, integration = make(apigatewayv2, backend, "foreign")
    authorizer = apigatewayv2.create_authorizer(
        ApiId=api,
        AuthorizerType="JWT",
        Name="foreign",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": issuer.url, "Audience": ["shop"]},
    )["AuthorizerId"]
    guard = {"ApiId": api, "Target": f"integrations/{integration}", "AuthorizationType": "JWT", "AuthorizerId": authorizer}
    apigatewayv2.create_route(RouteKey="GET /me", **guard)
    apigatewayv2.create_route(RouteKey="GET /write", AuthorizationScopes=["write"], **guard)
    return api


def test_token_of_a_foreign_issuer_is_admitted_and_its_keys_are_asked_for_once(server, web, foreign, issuer):
    for _ in range(3):
        token = issuer.token(jti=str(time.monotonic_ns()))
        answer = web.get(url(server, foreign, "/me"), headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200
    assert issuer.asked == 1


@pytest.mark.parametrize(
    ("changes", "description"),
    [
        ({"aud": "other"}, "the token does not have a valid audience"),
        ({"aud": None, "client_id": "other"}, "the token does not have a valid audience"),
        ({"iss": "https://other.example"}, "the token does not have a valid issuer"),
        ({"exp": 1_000_000_000}, "the token has expired"),
        ({"nbf": 4_000_000_000}, "the token is not valid yet"),
    ],
)
def test_wrong_claims_are_challenged(server, web, foreign, issuer, changes, description):
    answer = web.get(url(server, foreign, "/me"), headers={"Authorization": issuer.token(**changes)})
    assert (answer.status_code, answer.text) == (401, '{"message":"Unauthorized"}')
    expected = f'Bearer scope="" error="invalid_token" error_description="{description}"'
    assert answer.headers["www-authenticate"] == expected
    refusals = refused_by(server)
    assert len(refusals) == 1 and "authorizer" in refusals[0]


def test_forged_tokens_are_refused(server, web, foreign, issuer):
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    _, payload, _ = issuer.token().split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "one"}).encode()).rstrip(b"=").decode()
    for token in [
        issuer.token(key=stranger),
        issuer.token(key=stranger, kid="two"),
        issuer.token(key="secret" * 8, algorithm="HS256"),
        f"{header}.{payload}.",
        "nonsense",
    ]:
        answer = web.get(url(server, foreign, "/me"), headers={"Authorization": token})
        assert answer.status_code == 401, token
        assert "invalid_token" in answer.headers["www-authenticate"]
    answer = web.get(url(server, foreign, "/me"))
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_missing_scope_is_forbidden(server, web, foreign, issuer):
    headers = {"Authorization": issuer.token(scope="read")}
    answer = web.get(url(server, foreign, "/write"), headers=headers)
    assert (answer.status_code, answer.text) == (403, '{"message":"Forbidden"}')
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    answer = web.get(url(server, foreign, "/write"), headers={"Authorization": issuer.token(scope="read write")})
    assert answer.status_code == 200


def test_only_the_client_and_the_pool_that_are_named_open_an_api(server, web, apigatewayv2, backend, foreign):
    """The wall between app clients, and between pools."""
    cognito = server.client("cognito-idp")
    home, neighbour = world.build(server, "home"), world.build(server, "neighbour")
    other = cognito.create_user_pool_client(
        UserPoolId=home.pool,
        ClientName="other",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]["ClientId"]
    api, integration = make(apigatewayv2, backend, "home")
    authorizer = apigatewayv2.create_authorizer(
        ApiId=api,
        AuthorizerType="JWT",
        Name="home",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={
            "Issuer": f"https://cognito-idp.us-east-1.amazonaws.com/{home.pool}",
            "Audience": [home.client],
        },
    )["AuthorizerId"]
    apigatewayv2.create_route(
        ApiId=api,
        RouteKey="GET /me",
        Target=f"integrations/{integration}",
        AuthorizationType="JWT",
        AuthorizerId=authorizer,
    )
    tokens = world.sign_in(cognito, home.client)
    for kind in ["IdToken", "AccessToken"]:
        for _ in range(2):
            answer = web.get(url(server, api, "/me"), headers={"Authorization": f"Bearer {tokens[kind]}"})
            assert answer.status_code == 200, kind
        for client, reason in [(other, "audience"), (neighbour.client, "issuer")]:
            token = world.sign_in(cognito, client)[kind]
            answer = web.get(url(server, api, "/me"), headers={"Authorization": token})
            assert (answer.status_code, answer.text) == (401, '{"message":"Unauthorized"}')
            assert f"valid {reason}" in answer.headers["www-authenticate"]
        answer = web.get(url(server, foreign, "/me"), headers={"Authorization": tokens[kind]})
        assert answer.status_code == 401
    cognito.global_sign_out(AccessToken=tokens["AccessToken"])
    answer = web.get(url(server, api, "/me"), headers={"Authorization": tokens["AccessToken"]})
    assert answer.status_code == 401
    assert "signed out" in refused_by(server)[0]


def test_pages_of_allowed_origins_may_ask_and_read(server, web, apigatewayv2, backend):
    cors = {
        "AllowOrigins": ["https://page.example"],
        "AllowMethods": ["GET", "PUT"],
        "AllowHeaders": ["x-a"],
        "ExposeHeaders": ["x-b"],
        "AllowCredentials": True,
        "MaxAge": 60,
    }
    api, _ = make(apigatewayv2, backend, "cors", {"RouteKey": "GET /a"}, CorsConfiguration=cors)
    ask = {"Origin": "https://page.example", "Access-Control-Request-Method": "PUT"}
    answer = web.options(url(server, api, "/a"), headers=ask)
    assert (answer.status_code, answer.content) == (204, b"")
    told = {name: value for name, value in answer.headers.items() if name.startswith("access-control")}
    assert told == {
        "access-control-allow-origin": "https://page.example",
        "access-control-allow-methods": "GET,PUT",
        "access-control-allow-headers": "x-a",
        "access-control-allow-credentials": "true",
        "access-control-max-age": "60",
        "access-control-expose-headers": "x-b",
    }
    stranger = web.options(url(server, api, "/a"), headers={**ask, "Origin": "https://page.example.evil"})
    assert stranger.status_code == 204
    assert not [name for name in stranger.headers if name.startswith("access-control")]
    answer = web.get(url(server, api, "/a"), headers={"Origin": "https://page.example"})
    assert answer.headers["access-control-allow-origin"] == "https://page.example"
    answer = web.get(url(server, api, "/a"), headers={"Origin": "https://other.example"})
    assert "access-control-allow-origin" not in answer.headers
    # A refusal can be read too.
    answer = web.get(url(server, api, "/nothing"), headers={"Origin": "https://page.example"})
    assert (answer.status_code, answer.text) == (404, '{"message":"Not Found"}')
    assert answer.headers["access-control-allow-origin"] == "https://page.example"


def certificate(tmp_path):
    """Returns PEM files of a CA, and of a leaf for `localhost` with its key."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)

    def signed(name, issuer, public, *extensions):
        builder = x509.CertificateBuilder(
            issuer_name=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]),
            subject_name=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]),
            public_key=public,
            serial_number=x509.random_serial_number(),
            not_valid_before=now - datetime.timedelta(hours=1),
            not_valid_after=now + datetime.timedelta(days=1),
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=True)
        return builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    ca, leaf = tmp_path / "issuer-ca.pem", tmp_path / "issuer.pem"
    ca.write_bytes(signed("ca", "ca", ca_key.public_key(), x509.BasicConstraints(ca=True, path_length=None)))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    leaf.write_bytes(signed("localhost", "ca", key.public_key(), names) + private)
    return ca, leaf


def test_issuer_over_https_counts_when_its_certificate_does(own_server, web, backend, tmp_path, monkeypatch):
    ca, leaf = certificate(tmp_path)
    provider = Issuer()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf)
    provider.server.socket = context.wrap_socket(provider.server.socket, server_side=True)
    provider.url = f"https://localhost:{provider.server.server_port}"
    server = own_server()
    api, integration = make(server.client("apigatewayv2"), backend, "https")
    client = server.client("apigatewayv2")
    authorizer = client.create_authorizer(
        ApiId=api,
        AuthorizerType="JWT",
        Name="https",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": provider.url, "Audience": ["shop"]},
    )["AuthorizerId"]
    client.create_route(
        ApiId=api,
        RouteKey="GET /me",
        Target=f"integrations/{integration}",
        AuthorizationType="JWT",
        AuthorizerId=authorizer,
    )
    headers = {"Authorization": provider.token()}
    answer = web.get(url(server, api, "/me"), headers=headers)
    assert answer.status_code == 401
    assert "OIDC discovery endpoint communication error" in answer.headers["www-authenticate"]
    assert "TLS" in refused_by(server)[0]
    server.stop()
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    server.start()
    assert web.get(url(server, api, "/me"), headers=headers).status_code == 200
    assert web.get(url(server, api, "/me")).status_code == 401
    provider.server.shutdown()
