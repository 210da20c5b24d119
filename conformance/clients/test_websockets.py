"""WebSockets with the client and the server of `websockets`: through a proxy route of an HTTP API, a REST API and a distribution."""

import base64
import contextlib
import os
import socket
import ssl
import threading
import urllib.parse

import pytest
import websockets.exceptions
from websockets.sync.client import connect
from websockets.sync.server import serve

from http_apis import HTTP


def talk(connection):
    """Says where it was asked, then says everything back."""
    connection.send(connection.request.path)
    for message in connection:
        if message == "bye":
            return
        connection.send(message)


@pytest.fixture(scope="module")
def backend():
    with serve(talk, "127.0.0.1", 0, subprotocols=["chat"], max_size=None) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.socket.getsockname()[1]}"
        running.shutdown()


@pytest.fixture(scope="module")
def http_api(server, backend):
    made = server.client("apigatewayv2").create_api(Name="sockets", **HTTP, Target=backend)
    return made["ApiId"], made["ApiEndpoint"].removeprefix("https://")


@pytest.fixture(scope="module")
def rest_api(server, backend):
    """`GET /open` is everybody's, `GET /guarded` wants an API key."""
    gateway = server.client("apigateway")
    api = gateway.create_rest_api(name="sockets")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    for path, key in (("open", False), ("guarded", True)):
        resource = gateway.create_resource(restApiId=api, parentId=root, pathPart=path)["id"]
        method = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
        gateway.put_method(**method, authorizationType="NONE", apiKeyRequired=key)
        gateway.put_integration(**method, type="HTTP_PROXY", integrationHttpMethod="GET", uri=f"{backend}/rest/{path}")
    gateway.create_deployment(restApiId=api, stageName="prod")
    return api


def dial(server, url, **more):
    """Connects to a host of ours, whatever it resolves to."""
    parts = urllib.parse.urlsplit(url)
    public = urllib.parse.urlsplit(server.endpoints["public"]["https" if parts.scheme == "wss" else "http"])
    context = ssl.create_default_context(cafile=server.endpoints["ca"]) if parts.scheme == "wss" else None
    stream = socket.create_connection(("127.0.0.1", public.port), 10)
    if context:
        more["ssl"] = context
        more["server_hostname"] = parts.hostname
    return connect(url, sock=stream, proxy=None, max_size=None, subprotocols=["chat"], **more)


def test_messages_pass_through_an_http_api(server, http_api):
    _, host = http_api
    for scheme in ("ws", "wss"):
        with dial(server, f"{scheme}://{host}/rooms?name=1") as client:
            assert client.subprotocol == "chat"
            assert client.recv(5) == "/?name=1"
            for message in ("hello", b"\x00\xff" * 4_000, "x" * 3_000_000):
                client.send(message)
                assert client.recv(20) == message
            assert client.ping().wait(5)
            client.send("bye")
            with pytest.raises(websockets.exceptions.ConnectionClosedOK):
                client.recv(5)


def test_layers_decide_on_the_handshake(server, rest_api):
    public = server.endpoints["public"]["http"].replace("http://", "ws://")
    with dial(server, f"{public}/_aws/execute-api/{rest_api}/prod/open") as client:
        assert client.recv(5) == "/rest/open"
    assert "a WebSocket to `127.0.0.1" in server.explain()
    with pytest.raises(websockets.exceptions.InvalidStatus) as raised:
        dial(server, f"{public}/_aws/execute-api/{rest_api}/prod/guarded")
    assert raised.value.response.status_code == 403
    with pytest.raises(websockets.exceptions.InvalidStatus) as raised:
        dial(server, f"{public}/_aws/execute-api/{rest_api}/prod/nowhere")
    assert raised.value.response.status_code == 403


def test_messages_pass_through_a_distribution(server, rest_api, backend):
    cloudfront = server.client("cloudfront")
    port = int(backend.rsplit(":", 1)[1])
    custom = {"HTTPPort": port, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"}
    api = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
    origins = {
        "server": {"Id": "one", "DomainName": "127.0.0.1", "OriginPath": "", "CustomOriginConfig": custom},
        "api": {
            "Id": "one",
            "DomainName": f"{rest_api}.execute-api.us-east-1.amazonaws.com",
            "OriginPath": "/prod",
            "CustomOriginConfig": api,
        },
    }
    public = server.endpoints["public"]["http"].replace("http://", "ws://")
    for name, origin in origins.items():
        config = {
            "CallerReference": f"sockets-{name}",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {
                "TargetOriginId": "one",
                "ViewerProtocolPolicy": "allow-all",
                "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "none"}},
                "MinTTL": 0,
            },
        }
        identity = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
        for _ in range(2):
            with dial(server, f"{public}/_aws/cloudfront/{identity}/open") as client:
                assert client.recv(5) == ("/open" if name == "server" else "/rest/open")
                client.send("once more")
                assert client.recv(5) == "once more"


@contextlib.contextmanager
def liar(*fields):
    """A backend that answers 101 to everything, then takes what comes for requests of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    came = []

    def run():
        while True:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            stream.settimeout(2)
            with stream, contextlib.suppress(OSError):
                came.append(stream.recv(65_536))
                stream.sendall(b"HTTP/1.1 101 Switching Protocols\r\n" + b"".join(fields) + b"\r\n")
                came.append(stream.recv(65_536))

    threading.Thread(target=run, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", came
    listener.close()


def test_status_101_of_a_backend_that_did_not_understand_opens_no_tunnel(server):
    wrong = base64.b64encode(os.urandom(20))
    switching = (b"Upgrade: websocket\r\n", b"Connection: Upgrade\r\n")
    for fields in ((), switching, (*switching, b"Sec-WebSocket-Accept: " + wrong + b"\r\n")):
        with liar(*fields) as (url, came):
            made = server.client("apigatewayv2").create_api(Name="liar", **HTTP, Target=url)
            public = server.endpoints["public"]["http"].replace("http://", "ws://")
            with pytest.raises(websockets.exceptions.InvalidStatus) as raised:
                dial(server, f"{public}/_aws/execute-api/{made['ApiId']}/")
            assert raised.value.response.status_code == 503
            assert len([one for one in came if one]) == 1, "nothing but the handshake reached it"


def test_open_websockets_are_closed_at_the_end(own_server, backend):
    server = own_server()
    made = server.client("apigatewayv2").create_api(Name="sockets", **HTTP, Target=backend)
    public = server.endpoints["public"]["http"].replace("http://", "ws://")
    with dial(server, f"{public}/_aws/execute-api/{made['ApiId']}/rooms") as client:
        assert client.recv(5) == "/"
        server.stop()
        with pytest.raises(websockets.exceptions.ConnectionClosed):
            client.recv(5)


def test_messages_pass_through_vpc_links_of_both_kinds(own_server, backend):
    balancer = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/sockets/1"
    listener = "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/sockets/1/2"
    closed = socket.create_server(("127.0.0.1", 0))
    nobody = f"127.0.0.1:{closed.getsockname()[1]}"
    closed.close()
    address = backend.removeprefix("http://")
    # One of the two servers is not there: the handshake goes on to the other.
    server = own_server("--upstream", f"{balancer}={nobody},{address}", "--upstream", f"{listener}={address}")
    gateway = server.client("apigateway")
    link = gateway.create_vpc_link(name="sockets", targetArns=[balancer])["id"]
    made = gateway.create_rest_api(name="sockets")
    api = made["id"]
    for path, key in (("open", False), ("guarded", True)):
        resource = gateway.create_resource(restApiId=api, parentId=made["rootResourceId"], pathPart=path)["id"]
        method = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
        gateway.put_method(**method, authorizationType="NONE", apiKeyRequired=key)
        gateway.put_integration(
            **method,
            type="HTTP_PROXY",
            integrationHttpMethod="GET",
            uri=f"http://sockets.internal/linked/{path}",
            connectionType="VPC_LINK",
            connectionId=link,
        )
    gateway.create_deployment(restApiId=api, stageName="prod")
    public = server.endpoints["public"]["http"].replace("http://", "ws://")
    for _ in range(4):
        with dial(server, f"{public}/_aws/execute-api/{api}/prod/open") as client:
            assert client.recv(5) == "/linked/open"
            client.send("through the link")
            assert client.recv(5) == "through the link"
    with pytest.raises(websockets.exceptions.InvalidStatus) as raised:
        dial(server, f"{public}/_aws/execute-api/{api}/prod/guarded")
    assert raised.value.response.status_code == 403
    http = server.client("apigatewayv2")
    made = http.create_api(Name="sockets", **HTTP)
    own = http.create_vpc_link(Name="sockets", SubnetIds=["subnet-1"])["VpcLinkId"]
    integration = http.create_integration(
        ApiId=made["ApiId"],
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="ANY",
        IntegrationUri=listener,
        ConnectionType="VPC_LINK",
        ConnectionId=own,
        PayloadFormatVersion="1.0",
    )["IntegrationId"]
    http.create_route(ApiId=made["ApiId"], RouteKey="$default", Target=f"integrations/{integration}")
    http.create_stage(ApiId=made["ApiId"], StageName="$default", AutoDeploy=True)
    with dial(server, f"ws://{made['ApiEndpoint'].removeprefix('https://')}/rooms?name=2") as client:
        assert client.recv(5) == "/rooms?name=2"
        client.send("through the other")
        assert client.recv(5) == "through the other"
