"""openid-client signs in on the hosted pages and its tokens open an HTTP API; another real issuer's tokens open its own routes alone."""

import json
import os
import secrets
import subprocess

import pytest

from http_apis import make, refused_by, serve, url
from portcullis import node_folder
from test_hosted_pages import CALLBACK, PASSWORD, browser, follow, submit
from world import add_user

assert browser


@pytest.fixture(scope="module")
def backend():
    server = serve(lambda request: (b"{}", 200))
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def pool(server):
    """A pool with hosted pages, an app client without a secret, and a user."""
    cognito = server.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="openid-client")["UserPool"]["Id"]
    cognito.create_user_pool_domain(Domain=f"openid-{secrets.token_hex(4)}", UserPoolId=pool)
    client = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="app",
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid", "email"],
        CallbackURLs=[CALLBACK],
        SupportedIdentityProviders=["COGNITO"],
    )["UserPoolClient"]["ClientId"]
    add_user(cognito, pool, "grace")
    return pool, client


@pytest.fixture(scope="module")
def provider():
    """oidc-provider, as a process of its own."""
    secret = secrets.token_hex(16)
    process = subprocess.Popen(
        ["node", "oidc_provider.mjs"],
        cwd=node_folder(),
        env=os.environ | {"CLIENT_SECRET": secret},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    lines = iter(process.stdout.readline, "")
    started = next((line for line in lines if line.startswith("{")), "")
    yield json.loads(started)["issuer"], secret
    process.stdin.close()
    process.wait(timeout=10)


@pytest.fixture(scope="module")
def api(server, pool, provider, backend):
    """An HTTP API with a route for the pool's tokens and one for the provider's."""
    client = server.client("apigatewayv2")
    api, integration = make(client, backend, "oidc")
    issuers = {
        "own": (f"https://cognito-idp.us-east-1.amazonaws.com/{pool[0]}", pool[1]),
        "foreign": (provider[0], "urn:shop"),
    }
    for name, (issuer, audience) in issuers.items():
        authorizer = client.create_authorizer(
            ApiId=api,
            AuthorizerType="JWT",
            Name=name,
            IdentitySource=["$request.header.Authorization"],
            JwtConfiguration={"Issuer": issuer, "Audience": [audience]},
        )["AuthorizerId"]
        guard = {"ApiId": api, "Target": f"integrations/{integration}", "AuthorizationType": "JWT", "AuthorizerId": authorizer}
        client.create_route(RouteKey=f"GET /{name}", **guard)
        client.create_route(RouteKey=f"GET /{name}/write", AuthorizationScopes=["write"], **guard)
    return api


def openid_client(server, pool, **more):
    given = {
        "issuer": f"https://cognito-idp.us-east-1.amazonaws.com/{pool[0]}",
        "client": pool[1],
        "redirect": CALLBACK,
        "port": int(server.endpoints["public"]["https"].rsplit(":", 1)[1]),
        "ca": server.endpoints["ca"],
    } | more
    command = ["node", "openid_client.mjs", json.dumps(given)]
    done = subprocess.run(command, cwd=node_folder(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def signed_in(server, pool, browser):
    """Returns what `start` said, and where the pages sent the browser."""
    started = openid_client(server, pool, action="start")
    assert "error" not in started, started
    page = follow(browser, browser.get(started["address"], allow_redirects=False))
    if page.status_code == 200:
        page = follow(browser, submit(browser, page, username="grace", password=PASSWORD))
    # Whoever is signed in already sees no form.
    return started, page.headers["Location"]


def ask(server, web, api, path, token):
    return web.get(url(server, api, path), headers={"Authorization": f"Bearer {token}"}).status_code


def provider_token(web, provider, scope="read"):
    issuer, secret = provider
    form = {"grant_type": "client_credentials", "scope": scope}
    answer = web.post(f"{issuer}/token", data=form, auth=("machine", secret))
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


def test_openid_client_signs_in_and_its_tokens_open_the_api(server, web, pool, api, browser):
    started, callback = signed_in(server, pool, browser)
    state = {name: started[name] for name in ("verifier", "state", "nonce")}
    assert started["signing"] == ["RS256"]
    # Another verifier gets no tokens, and uses the code up.
    out = openid_client(server, pool, action="finish", callback=callback, **(state | {"verifier": "w" * 43}))
    assert out["error"] == "invalid_grant", out
    started, callback = signed_in(server, pool, browser)
    state = {name: started[name] for name in ("verifier", "state", "nonce")}
    out = openid_client(server, pool, action="finish", callback=callback, **state)
    assert "error" not in out, out
    assert (out["claims"]["email"], out["who"]["email"]) == ("grace@example.com", "grace@example.com")
    for token in (out["id"], out["access"], out["refreshed"]):
        assert ask(server, web, api, "/own", token) == 200
    assert ask(server, web, api, "/own/write", out["access"]) == 403
    for token in (out["id"], out["access"]):
        assert ask(server, web, api, "/foreign", token) == 401
    # A code is good once; what came from it ends.
    again = openid_client(server, pool, action="finish", callback=callback, **state)
    assert again["error"] == "invalid_grant", again
    assert ask(server, web, api, "/own", out["access"]) == 401


def test_token_of_another_issuer_passes_where_it_is_configured_and_nowhere_else(server, web, provider, api):
    token = provider_token(web, provider)
    assert ask(server, web, api, "/foreign", token) == 200
    assert ask(server, web, api, "/foreign/write", token) == 403
    assert ask(server, web, api, "/foreign/write", provider_token(web, provider, "read write")) == 200
    for path in ("/own", "/own/write"):
        assert ask(server, web, api, path, token) == 401
        assert "is not that of authorizer `own`" in refused_by(server)[0]
    head, payload, signature = token.split(".")
    assert ask(server, web, api, "/foreign", f"{head}.{payload}.{signature[:-8]}AAAAAAAA") == 401
