"""JWT authorizers: those of REST APIs as boto3 builds them, and keys that rotate under load."""

import collections
import random
import threading
import time

import pytest
import requests
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

import world
from http_apis import Issuer, make, refused_by, serve, url


@pytest.fixture(scope="module")
def issuer():
    provider = Issuer()
    provider.keys |= {
        "elliptic": ec.generate_private_key(ec.SECP256R1()),
        "edwards": ed25519.Ed25519PrivateKey.generate(),
        "stranger": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    }
    provider.published = ["one", "elliptic", "edwards"]
    yield provider
    provider.server.shutdown()


@pytest.fixture(scope="module")
def apigateway(server):
    return server.client("apigateway")


class RestApi:
    """An API with /me and, for the scope `read`, /things, behind one JWT authorizer."""

    def __init__(self, server, apigateway, issuers, algorithms):
        self.server, self.client = server, apigateway
        self.id = apigateway.create_rest_api(name="jwt")["id"]
        self.root = apigateway.get_resources(restApiId=self.id)["items"][0]["id"]
        self.authorizer = apigateway.create_authorizer(
            restApiId=self.id,
            name="tokens",
            type="JWT",
            identitySource="method.request.header.X-Token",
            jwtConfiguration={"issuers": issuers, "defaultAlgorithms": algorithms},
        )
        for path, scopes in (("me", []), ("things", ["read", "write"])):
            resource = apigateway.create_resource(restApiId=self.id, parentId=self.root, pathPart=path)["id"]
            method = {"restApiId": self.id, "resourceId": resource, "httpMethod": "GET"}
            guard = {"authorizationType": "JWT", "authorizerId": self.authorizer["id"], "authorizationScopes": scopes}
            apigateway.put_method(**method, **guard)
            world.put_mock(apigateway, method, "$context.authorizer.claims.sub")
        apigateway.create_deployment(restApiId=self.id, stageName="prod")

    def ask(self, token, path="me"):
        base = f"{self.server.endpoints['public']['http']}/_aws/execute-api/{self.id}/prod"
        headers = {} if token is None else {"X-Token": token}
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"{base}/{path}", headers=headers)


def trusted(issuer, *audiences, claims=()):
    return {"issuer": issuer, "audiences": list(audiences), "additionalClaims": list(claims)}


def test_rest_api_takes_tokens_of_several_issuers(server, apigateway, issuer):
    pool = world.build(server, "jwt-pool")
    own = f"https://cognito-idp.us-east-1.amazonaws.com/{pool.pool}"
    tenant = {"claimName": "tenant", "format": "SINGLE_STRING", "expectedValues": ["red"], "required": True}
    algorithms = ["RS256", "ES256"]
    api = RestApi(server, apigateway, [trusted(issuer.url, "shop", claims=[tenant]), trusted(own, pool.client)], algorithms)
    assert api.authorizer["jwtConfiguration"]["issuers"][0]["additionalClaims"] == [tenant]
    found = apigateway.get_authorizer(restApiId=api.id, authorizerId=api.authorizer["id"])
    assert (found["type"], found["jwtConfiguration"]["defaultAlgorithms"]) == ("JWT", algorithms)

    answer = api.ask(issuer.token(tenant="red"))
    assert (answer.status_code, answer.text) == (200, "eve")
    assert api.ask(f"Bearer {issuer.token(tenant='red')}").status_code == 200
    assert api.ask(issuer.token(kid="elliptic", algorithm="ES256", tenant="red", aud=["x", "shop"])).status_code == 200
    id_token = world.sign_in(server.client("cognito-idp"), pool.client)["IdToken"]
    assert api.ask(id_token).status_code == 200

    wrong = [
        (None, "no token"),
        ("a.b.c", ""),
        (issuer.token(tenant="blue"), "claim `tenant`"),
        (issuer.token(), "claim `tenant`"),
        (issuer.token(tenant=["red"]), "claim `tenant`"),
        (issuer.token(tenant="red", aud="other"), "audience"),
        # A Cognito access token has no audience; AWS's text asks for one.
        (issuer.token(tenant="red", aud=None, client_id="shop"), "audience"),
        (issuer.token(tenant="red", iss=issuer.url + "/"), "issuer"),
        (issuer.token(tenant="red", exp=1_000_000_000), "expired"),
        (issuer.token(tenant="red", nbf=4_000_000_000), "future"),
        (issuer.token(kid="edwards", algorithm="EdDSA", tenant="red"), "does not take the algorithm `EdDSA`"),
        (issuer.token(algorithm="PS256", tenant="red"), "does not take the algorithm `PS256`"),
        (issuer.token(key=issuer.keys["stranger"], tenant="red"), "signature"),
        (issuer.token(kid="stranger", tenant="red"), "has no key"),
    ]
    for token, reason in wrong:
        answer = api.ask(token)
        assert (answer.status_code, answer.text) == (401, '{"message":"Unauthorized"}'), reason
        assert answer.headers["x-amzn-ErrorType"] == "UnauthorizedException"
        assert reason in refused_by(server)[0]

    assert api.ask(issuer.token(tenant="red"), "things").status_code == 200
    assert api.ask(issuer.token(tenant="red", scope=None, scp=["write"]), "things").status_code == 200
    refused = api.ask(issuer.token(tenant="red", scope="openid"), "things")
    assert refused.status_code == 403 and "Forbidden" in refused.text


def test_rest_api_takes_the_algorithms_that_it_names(server, apigateway, issuer):
    """PS256 and EdDSA are ours: AWS knows RS and ES alone."""
    api = RestApi(server, apigateway, [trusted(issuer.url, "shop")], ["PS256", "EdDSA"])
    assert api.ask(issuer.token(algorithm="PS256")).status_code == 200
    assert api.ask(issuer.token(kid="edwards", algorithm="EdDSA")).status_code == 200
    assert api.ask(issuer.token()).status_code == 401
    assert api.ask(issuer.token(kid="elliptic", algorithm="ES256")).status_code == 401


def test_configuration_that_asks_for_too_little_is_refused(apigateway, issuer):
    api = apigateway.create_rest_api(name="refused")["id"]

    def create(**changes):
        settings = {
            "restApiId": api,
            "name": "x",
            "type": "JWT",
            "identitySource": "method.request.header.Authorization",
            "jwtConfiguration": {"issuers": [trusted(issuer.url, "a")], "defaultAlgorithms": ["RS256"]},
        }
        with pytest.raises(ClientError) as refusal:
            apigateway.create_authorizer(**(settings | changes))
        return str(refusal.value)

    assert "HS256" in create(jwtConfiguration={"issuers": [trusted(issuer.url, "a")], "defaultAlgorithms": ["HS256"]})
    assert "issuers" in create(jwtConfiguration={"issuers": [], "defaultAlgorithms": ["RS256"]})
    assert "identity source" in create(identitySource="method.request.querystring.token")
    assert "authorizerUri" in create(authorizerUri="arn:aws:apigateway:x")
    assert "JWT configuration" in create(type="TOKEN")
    assert "authorizerResultTtlInSeconds" in create(authorizerResultTtlInSeconds=0)


class Load:
    """Threads that send tokens of four kinds and count answers that are wrong."""

    def __init__(self, target, make_token):
        self.target, self.make_token = target, make_token
        self.counts, self.wrong = collections.Counter(), []
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(4)]
        for thread in self.threads:
            thread.start()

    def run(self, seed):
        chosen, session = random.Random(seed), requests.Session()
        session.trust_env = False
        while not self.ending.is_set():
            kind = chosen.choice(["good", "good", "good", "unknown", "forged", "retired"])
            token, expected = self.make_token(kind)
            if token is None:
                continue
            status = session.get(self.target, headers={"Authorization": token}).status_code
            self.counts[kind] += 1
            if status != expected:
                self.wrong.append((kind, status, time.monotonic()))

    def end(self):
        self.ending.set()
        for thread in self.threads:
            thread.join()


def test_keys_that_rotate_each_second_under_load_give_no_wrong_answer(server):
    """Keys rotate for six seconds, the issuer is down for ten, and rotates again for four."""
    backend = serve(lambda request: (b"{}", 200))
    issuer = Issuer()
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    names = [f"key{number}" for number in range(14)]
    for name in names:
        issuer.keys[name] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    current = 0

    def publish(number):
        # The key before stays for a second, as AWS advises: tokens of it are on their way.
        issuer.published = names[max(0, number - 1) : number + 1]

    publish(current)
    client = server.client("apigatewayv2")
    api, integration = make(client, backend, "rotation")
    authorizer = client.create_authorizer(
        ApiId=api,
        AuthorizerType="JWT",
        Name="rotating",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": issuer.url, "Audience": ["shop"]},
    )["AuthorizerId"]
    client.create_route(
        ApiId=api,
        RouteKey="GET /x",
        Target=f"integrations/{integration}",
        AuthorizationType="JWT",
        AuthorizerId=authorizer,
    )

    def make_token(kind):
        number = current
        unique = {"jti": str(time.monotonic_ns())}
        if kind == "good":
            return issuer.token(kid=names[number], **unique), 200
        if kind == "unknown":
            return issuer.token(key=stranger, kid=f"nobody{random.random()}", **unique), 401
        if kind == "forged":
            return issuer.token(key=stranger, kid=names[number], **unique), 401
        # Gone for a second or more: a newer key has been asked for since.
        return (issuer.token(kid=names[number - 3], **unique), 401) if number >= 3 else (None, None)

    load = Load(url(server, api, "/x"), make_token)
    try:
        for _ in range(6):
            time.sleep(1)
            publish(current + 1)
            current += 1
        # Whoever is down publishes no keys and issues no tokens; the last key is known by now.
        time.sleep(1)
        asked = issuer.asked
        issuer.down = True
        time.sleep(10)
        issuer.down = False
        for _ in range(4):
            publish(current + 1)
            current += 1
            time.sleep(1)
    finally:
        load.end()
    assert load.wrong == []
    assert min(load.counts[kind] for kind in ("good", "unknown", "forged", "retired")) > 10, load.counts
    # One question a second after the first few, however many strangers' keys were named.
    assert asked <= 6 + 10 + 10, asked
    assert issuer.asked <= asked + 20
