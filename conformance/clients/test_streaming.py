"""Bodies that nobody needs to hold: hundreds of megabytes pass both ways and the memory stays; events pass as they come.

`PORTCULLIS_STREAM_MIB` says how much passes.
"""

import http.client
import json
import os
import pathlib
import socket
import ssl
import threading
import time
import urllib.parse

import pytest
from botocore.exceptions import ClientError

from http_apis import HTTP
from test_acme import Served

MIB = 1 << 20
STREAMED = int(os.environ.get("PORTCULLIS_STREAM_MIB", "1024")) * MIB
PIECE = os.urandom(MIB)


def memory(process):
    """Returns the resident bytes of a process."""
    text = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) * 1024


class Backend:
    """`/up` counts a body, `/down` sends as much, `/events` says when it is told to."""

    def __init__(self):
        self.go_on = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(stream,), daemon=True).start()

    def serve(self, stream):
        with stream, stream.makefile("rb") as reader:
            line = reader.readline()
            length = 0
            while (field := reader.readline().strip()) != b"":
                name, value = field.split(b":", 1)
                length = int(value) if name.lower() == b"content-length" else length
            path = line.split()[1].decode()
            if path.endswith("/up"):
                count = 0
                while count < length:
                    count += len(reader.read1(min(MIB, length - count)))
                answer = json.dumps({"bytes": count}).encode()
                stream.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))
            elif path.endswith("/down"):
                stream.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % STREAMED)
                for _ in range(STREAMED // MIB):
                    stream.sendall(PIECE)
            elif path.endswith("/events"):
                stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
                for text in (b"data: one\n\n", b"data: two\n\n"):
                    stream.sendall(b"%x\r\n%b\r\n" % (len(text), text))
                    self.go_on.wait(20)
                stream.sendall(b"0\r\n\r\n")


@pytest.fixture(scope="module")
def backend():
    running = Backend()
    yield running
    running.listener.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """`serve` with a raised limit."""
    running = Served(tmp_path_factory.mktemp("streaming"), 0, "", f"streamed_body_bytes_max = {2 * STREAMED}")
    yield running
    running.stop()


def connect(server, host):
    """A connection to a host of ours, whatever it resolves to."""
    public = urllib.parse.urlsplit(server.endpoints["public"]["https"])
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(host, context=context, timeout=60)
    raw = socket.create_connection(("127.0.0.1", public.port), 60)
    connection.sock = context.wrap_socket(raw, server_hostname="id.example.com")
    return connection


def test_long_bodies_pass_both_ways_without_being_held(served, backend):
    made = served.client("apigatewayv2").create_api(Name="long", **HTTP)
    api = made["ApiId"]
    integration = served.client("apigatewayv2").create_integration(
        ApiId=api,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="ANY",
        IntegrationUri=f"{backend.url}/{{proxy}}",
        PayloadFormatVersion="1.0",
    )["IntegrationId"]
    served.client("apigatewayv2").create_route(ApiId=api, RouteKey="ANY /{proxy+}", Target=f"integrations/{integration}")
    served.client("apigatewayv2").create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    host = f"{api}.execute-api.us-east-1.apis.example.com"

    def up():
        connection = connect(served, host)
        connection.request("POST", "/up", (PIECE for _ in range(STREAMED // MIB)), {"Content-Length": str(STREAMED)})
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())) == (200, {"bytes": STREAMED})

    def down():
        connection = connect(served, host)
        connection.request("GET", "/down")
        answer = connection.getresponse()
        count = 0
        while piece := answer.read(MIB):
            count += len(piece)
        assert (answer.status, count) == (200, STREAMED)

    most, over = 0, threading.Event()

    def watch():
        nonlocal most
        while not over.wait(0.02):
            most = max(most, memory(served.process))

    before = memory(served.process)
    watching = threading.Thread(target=watch)
    watching.start()
    took = {}
    for way in (up, down):
        began = time.monotonic()
        way()
        took[way.__name__] = time.monotonic() - began
    over.set()
    watching.join()
    grown = (most - before) / MIB
    print(f"{STREAMED // MIB} MiB: up in {took['up']:.1f} s, down in {took['down']:.1f} s; at most {grown:.1f} MiB more memory")
    assert grown < 16

    too_long = connect(served, host)
    too_long.putrequest("POST", "/up")
    too_long.putheader("Content-Length", str(2 * STREAMED + 1))
    too_long.endheaders()
    assert too_long.getresponse().status == 413


def events_of(server, backend, path):
    """Reads the first event while the backend waits, then the rest."""
    backend.go_on.clear()
    connection = http.client.HTTPConnection("127.0.0.1", int(server.endpoints["public"]["http"].rsplit(":", 1)[1]), timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    assert answer.headers["content-type"] == "text/event-stream"
    first = answer.read1(1000)
    backend.go_on.set()
    return first, answer.read()


def test_events_pass_as_they_come(server, backend):
    gateway = server.client("apigateway")
    api = gateway.create_rest_api(name="events")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    gateway.put_method(**method, authorizationType="NONE")
    more = {"integrationHttpMethod": "GET", "uri": f"{backend.url}/events"}
    with pytest.raises(ClientError, match="900000"):
        gateway.put_integration(**method, type="HTTP_PROXY", responseTransferMode="STREAM", timeoutInMillis=900_001, **more)
    with pytest.raises(ClientError, match="29000"):
        gateway.put_integration(**method, type="HTTP_PROXY", timeoutInMillis=29_001, **more)
    with pytest.raises(ClientError, match="HTTP_PROXY and AWS_PROXY"):
        gateway.put_integration(**method, type="HTTP", responseTransferMode="STREAM", **more)
    made = gateway.put_integration(
        **method, type="HTTP_PROXY", responseTransferMode="STREAM", timeoutInMillis=900_000, **more
    )
    assert (made["responseTransferMode"], made["timeoutInMillis"]) == ("STREAM", 900_000)
    gateway.create_deployment(restApiId=api, stageName="prod")
    made = server.client("apigatewayv2").create_api(Name="events", **HTTP, Target=f"{backend.url}/events")
    for path in (f"/_aws/execute-api/{api}/prod/", f"/_aws/execute-api/{made['ApiId']}/"):
        first, rest = events_of(server, backend, path)
        assert first == b"data: one\n\n"
        assert rest == b"data: two\n\n"
