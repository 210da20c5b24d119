"""What the tests of HTTP APIs share: a backend, an issuer of tokens that is not ours, and how an API is made and asked."""

import http.server
import json
import threading
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

HTTP = {"ProtocolType": "HTTP"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("content-length", 0))
        self.rfile.read(length)
        body, status = self.server.reply(self)
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("access-control-allow-origin", "https://backend.example")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, *_):
        pass


def serve(reply):
    """Serves on a free port what `reply(handler)` returns: body and status."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.reply = reply
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    return server


class Issuer:
    """An OpenID provider of nobody's, with keys of its own: by name, those that it publishes and those that it does not."""

    def __init__(self):
        self.keys = {"one": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
        self.published = ["one"]
        self.asked = 0
        self.down = False
        self.server = serve(self.reply)
        self.url = self.server.url

    @property
    def key(self):
        return self.keys["one"]

    def reply(self, request):
        if self.down:
            return b"down", 503
        if request.path == "/.well-known/openid-configuration":
            document = {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"}
            return json.dumps(document).encode(), 200
        self.asked += 1
        return json.dumps({"keys": [self.public(name) for name in list(self.published)]}).encode(), 200

    def public(self, name):
        key = self.keys[name].public_key()
        kinds = {rsa.RSAPublicKey: jwt.algorithms.RSAAlgorithm, ec.EllipticCurvePublicKey: jwt.algorithms.ECAlgorithm}
        algorithm = next((kinds[kind] for kind in kinds if isinstance(key, kind)), jwt.algorithms.OKPAlgorithm)
        return {**json.loads(algorithm.to_jwk(key)), "kid": name, "use": "sig"}

    def token(self, key=None, kid="one", algorithm="RS256", **changes):
        now = int(time.time())
        claims = {"iss": self.url, "aud": "shop", "sub": "eve", "scope": "openid read", "iat": now - 5, "exp": now + 600}
        claims.update(changes)
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, key or self.keys.get(kid) or self.key, algorithm=algorithm, headers={"kid": kid})


def make(client, backend, name, *routes, stage="$default", **more):
    """Makes an API whose routes end at the backend; returns its id and the routes' common settings."""
    api = client.create_api(Name=name, **HTTP, **more)["ApiId"]
    integration = client.create_integration(
        ApiId=api, IntegrationType="HTTP_PROXY", IntegrationMethod="ANY", IntegrationUri=f"{backend.url}/base"
    )["IntegrationId"]
    for route in routes:
        client.create_route(ApiId=api, Target=f"integrations/{integration}", **route)
    client.create_stage(ApiId=api, StageName=stage, AutoDeploy=True)
    return api, integration


def url(server, api, path, stage=None):
    segment = f"/{stage}" if stage else ""
    return f"{server.endpoints['public']['http']}/_aws/execute-api/{api}{segment}{path}"


def refused_by(server):
    """Returns the lines of the last trail that refuse."""
    return [line for line in server.explain().splitlines() if "REFUSE" in line]
