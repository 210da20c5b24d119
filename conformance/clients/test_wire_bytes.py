"""What we send to a backend for each request of `wire/` that we take up: one and the same to nginx, Node's http and h11."""

import http.client
import json
import pathlib
import re
import shutil
import socket
import subprocess
import threading

import h11
import pytest

from portcullis import until

WIRE = pathlib.Path(__file__).resolve().parents[1] / "wire"
NODE_ECHO = pathlib.Path(__file__).resolve().parent / "node" / "echo.mjs"
# Of the connection, or written anew for each server.
OWN = {"host", "connection", "upgrade", "content-length", "transfer-encoding", "x-forwarded-for", "x-forwarded-port",
       "x-forwarded-proto", "x-amzn-trace-id", "forwarded", "via"}


def converse(connection):
    """Serves one connection with h11 and says what it understood."""
    parser = h11.Connection(h11.SERVER, max_incomplete_event_size=65_536)
    with connection:
        while True:
            request, body = None, b""
            while True:
                event = parser.next_event()
                if event is h11.NEED_DATA:
                    parser.receive_data(connection.recv(65_536))
                elif isinstance(event, h11.Request):
                    request = event
                elif isinstance(event, h11.Data):
                    body += bytes(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    break
                else:
                    return
            fields = [part.hex() for field in request.headers.raw_items() for part in field]
            seen = {"method": request.method.decode(), "target": request.target.hex(), "fields": fields, "body": body.hex()}
            answer = json.dumps(seen).encode()
            head = [("content-type", "application/json"), ("content-length", str(len(answer)))]
            body = [] if request.method == b"HEAD" else [h11.Data(answer)]
            for event in (h11.Response(status_code=200, headers=head), *body, h11.EndOfMessage()):
                connection.sendall(parser.send(event))
            if parser.our_state is not h11.DONE:
                return
            parser.start_next_cycle()


@pytest.fixture(scope="module")
def python():
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=converse, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


@pytest.fixture(scope="module")
def node():
    process = subprocess.Popen(["node", str(NODE_ECHO)], stdout=subprocess.PIPE, text=True)
    yield int(process.stdout.readline())
    process.kill()


@pytest.fixture(scope="module")
def nginx(python, tmp_path_factory):
    """nginx reads, and writes anew what it read; h11 says what that was. None where nginx is not installed."""
    binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not binary:
        print("SKIPPED nginx: not installed")
        yield None
        return
    folder = tmp_path_factory.mktemp("nginx")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    paths = "".join(f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"""daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}
http {{ access_log off; underscores_in_headers on; ignore_invalid_headers off; {paths}
  server {{ listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{python}; proxy_http_version 1.1; proxy_set_header Host $http_host; }} }} }}"""
    )
    command = [binary, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def is_up():
        try:
            return socket.create_connection(("127.0.0.1", port)).close() or True
        except OSError:
            return False

    until("nginx", is_up)
    yield port
    process.terminate()
    process.wait(10)


def unescape(text):
    """`\\r`, `\\n`, `\\t`, `\\0`, `\\xHH` and `\\\\` are what they say."""
    symbols = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", "\\": "\\"}

    def replace(found):
        return chr(int(found[1][1:], 16)) if found[1][0] == "x" else symbols[found[1]]

    return re.sub(r"\\(x[0-9a-f]{2}|[rnt0\\])", replace, text).encode("latin-1")


def cases():
    """Yields name, what is taken up of it (method, target, host, body each) and bytes of each case."""
    for file in sorted(WIRE.glob("*.wire")):
        lines = [line for line in file.read_text().splitlines() if line and not line.startswith("# ")]
        for title, request in zip(lines[::2], lines[1::2], strict=True):
            name, expected = title.split(" | ")
            taken = [part.removeprefix("accept ") for part in expected.split(", ") if part.startswith(("accept ", *METHODS))]
            if expected.startswith("accept "):
                parts = [part.split(" ", 3) for part in taken]
                requests = [(method, target, host, unescape(*body or [""])) for method, target, host, *body in parts]
                yield f"{file.name}: {name}", requests, unescape(request)


METHODS = ("GET ", "HEAD ", "POST ", "PUT ")
# No API is reached by these: an address, and no host at all.
WITHOUT_AN_API = {"[::1]:8080", "-"}


class Reading:
    """What `http.client` wants of a socket, over one file for all answers of a connection."""

    def __init__(self, connection):
        self.file = connection.makefile("rb")
        self.file.close = lambda: None

    def makefile(self, mode):
        return self.file


def test_backends_of_all_kinds_understand_the_same_request(server, python, node, nginx):
    api = server.client("apigatewayv2")
    hosts = {}
    for name, port in {"h11": python, "node": node, "nginx": nginx}.items():
        if port:
            made = api.create_api(Name=name, ProtocolType="HTTP", Target=f"http://127.0.0.1:{port}")
            hosts[name] = made["ApiEndpoint"].removeprefix("https://")
    address = ("127.0.0.1", int(server.endpoints["public"]["http"].rsplit(":", 1)[1]))
    total, compared, alone = 0, 0, []
    for name, requests, bytes_sent in cases():
        total += 1
        if requests[0][2] in WITHOUT_AN_API:
            continue
        seen = {backend: played(address, bytes_sent, requests, own) for backend, own in hosts.items()}
        for number, (method, _, _, body) in enumerate(requests):
            # A backend may refuse what it does not know, Node an unknown method; what it must not do is understand another.
            understood = {backend: answers[number] for backend, answers in seen.items() if answers[number]}
            understood = {backend: (one["method"], one["target"], one["body"], fields(one)) for backend, one in understood.items()}
            first = next(iter(understood.values()), None)
            assert all(one == first for one in understood.values()), f"{name}: {seen}"
            assert all((one[0], one[2]) == (method, body.hex()) for one in understood.values()), name
            if len(understood) > 1:
                compared += 1
            else:
                alone.append(f"{name} ({method}, {list(understood)})")
    # Answers without a body say nothing of what was understood, and a method that only one of them knows cannot be compared.
    assert total >= 70 and compared >= 80, f"{compared} of {total}, but not {alone}"


def played(address, bytes_sent, requests, own):
    """Sends a case to the API of a backend, and returns what the backend understood of each request, none where it did not say."""
    sent = re.sub(rb"(?i)(host:\s*|https?://)a(?=[\s/?:.])", rb"\g<1>" + own.split(":")[0].encode(), bytes_sent)
    understood = []
    with socket.create_connection(address, 10) as connection:
        connection.sendall(sent)
        reading = Reading(connection)
        for method, *_ in requests:
            answer = http.client.HTTPResponse(reading, method=method)
            answer.begin()
            text = answer.read()
            understood.append(json.loads(text) if answer.status == 200 and text else None)
    return understood


def fields(seen):
    texts = [bytes.fromhex(text) for text in seen["fields"]]
    pairs = zip(texts[::2], texts[1::2], strict=True)
    return sorted((name.lower(), value) for name, value in pairs if name.lower().decode("latin-1") not in OWN)
