"""Content codings of REST APIs: bodies come coded, answers go out coded, and no coding hides anything from a layer."""

import gzip
import json
import os
import threading
import types
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SCHEMA = json.dumps({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}})
LONG = "x" * 2_000


class Backend(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.seen.append((self.path, dict(self.headers), body))
        chunked = self.path.endswith("chunked")
        coded = self.path.endswith("coded")
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        if coded:
            self.send_header("Content-Encoding", "br")
        said = LONG.encode() if not self.path.endswith("short") else b"short"
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for _ in range(3):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(said), said))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def backend():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def api(server, backend):
    """An API that codes answers of 100 bytes and more."""
    apigateway = server.client("apigateway")
    api = apigateway.create_rest_api(name="codings", minimumCompressionSize=100)
    assert api["minimumCompressionSize"] == 100
    api = api["id"]
    root = apigateway.get_resources(restApiId=api)["items"][0]["id"]
    model = apigateway.create_model(
        restApiId=api, name="Named", contentType="application/json", schema=SCHEMA
    )["name"]
    validator = apigateway.create_request_validator(restApiId=api, name="body", validateRequestBody=True)["id"]

    def add(path, method, integration, **more):
        resource = apigateway.create_resource(restApiId=api, parentId=root, pathPart=path)["id"]
        named = {"restApiId": api, "resourceId": resource, "httpMethod": method}
        apigateway.put_method(**named, **{"authorizationType": "NONE", **more})
        if integration:
            apigateway.put_integration(
                **named, type="HTTP_PROXY", integrationHttpMethod="ANY", uri=f"http://127.0.0.1:{backend.server_port}/{path}"
            )
            return
        apigateway.put_method_response(**named, statusCode="200")
        template = '{"statusCode": 200}#set($context.requestOverride.header.Said = $input.body)'
        apigateway.put_integration(**named, type="MOCK", requestTemplates={"application/json": template})
        said = '{"said":"$util.escapeJavaScript($context.requestOverride.header.Said)","coding":"$input.params(\'Content-Encoding\')","more":"%s"}'
        apigateway.put_integration_response(
            **named, statusCode="200", responseTemplates={"application/json": said % ("y" * 200)}
        )

    add("mock", "POST", False)
    add("named", "POST", False, requestModels={"application/json": model}, requestValidatorId=validator)
    add("signed", "POST", False, authorizationType="AWS_IAM")
    for path in ("proxy", "chunked", "coded", "short"):
        add(path, "ANY", True)
    apigateway.create_deployment(restApiId=api, stageName="prod")
    return api


@pytest.fixture
def ask(server, api):
    def send(path, body=None, coding=None, accepts="identity", method="POST", **headers):
        headers = {"Content-Type": "application/json", "Accept-Encoding": accepts, **headers}
        if coding:
            headers["Content-Encoding"] = coding
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, server.api(api, "prod", f"/{path}"), data=body, headers=headers, stream=True)
            raw = answer.raw.read(decode_content=False)
        return types.SimpleNamespace(status=answer.status_code, headers=answer.headers, raw=raw)

    return send


CODINGS = {"gzip": gzip.compress, "deflate": zlib.compress}
DECODE = {"gzip": gzip.decompress, "deflate": zlib.decompress}


@pytest.mark.parametrize("coding", CODINGS)
def test_body_that_comes_coded_is_decoded_before_it_is_mapped(ask, coding):
    answer = ask("mock", CODINGS[coding](b'{"name":"ada"}'), coding)
    assert answer.status == 200, answer.raw
    # What follows is not coded any more, and is not said to be.
    assert json.loads(answer.raw) == {"said": '{"name":"ada"}', "coding": "", "more": "y" * 200}


def test_body_of_no_coding_passes_as_it_is(ask):
    assert json.loads(ask("mock", b'{"a":1}', "identity").raw)["said"] == '{"a":1}'


@pytest.mark.parametrize("coding", CODINGS)
def test_body_that_comes_coded_is_validated(ask, coding):
    assert ask("named", CODINGS[coding](b'{"name":"ada"}'), coding).status == 200
    refused = ask("named", CODINGS[coding](b'{"other":"ada"}'), coding)
    assert (refused.status, json.loads(refused.raw)) == (400, {"message": "Invalid request body"})


def test_backend_gets_the_body_decoded_and_its_length(ask, backend):
    backend.seen.clear()
    assert ask("proxy", gzip.compress(b"plain words"), "gzip").status == 200
    ((_, headers, body),) = backend.seen
    named = {name.lower(): value for name, value in headers.items()}
    assert body == b"plain words" and named["content-length"] == "11" and "content-encoding" not in named


@pytest.mark.parametrize(
    "coding, body",
    [
        ("br", b"whatever"),
        ("gzip, deflate", gzip.compress(b"x")),
        ("aws-chunked", b"x"),
        ("gzip", b'{"name":"ada"}'),
        ("gzip", gzip.compress(b'{"name":"ada"}')[:-3]),
        ("gzip", gzip.compress(b'{"name":"ada"}') + b"more"),
        ("deflate", gzip.compress(b'{"name":"ada"}')),
        ("deflate", zlib.compress(b'{"name":"ada"}')[2:]),
    ],
)
@pytest.mark.parametrize("path", ["named", "proxy"])
def test_coding_that_is_not_supported_or_not_true_reaches_nobody(ask, backend, path, coding, body):
    backend.seen.clear()
    refused = ask(path, body, coding)
    assert (refused.status, json.loads(refused.raw)) == (415, {"message": "Unsupported Media Type"})
    assert backend.seen == []


@pytest.mark.parametrize("path", ["named", "mock", "proxy"])
@pytest.mark.parametrize("coding", CODINGS)
def test_bomb_is_too_large(ask, server, backend, path, coding):
    backend.seen.clear()
    bomb = CODINGS[coding](b'{"name":"' + b"a" * 200_000_000 + b'"}')
    assert len(bomb) < 300_000
    before = resident(server)
    refused = ask(path, bomb, coding)
    assert refused.status == 413, refused.raw
    assert backend.seen == []
    # 10 MB may be held until the limit is reached; 200 MB never are.
    assert resident(server) - before < 64 << 20


def resident(server):
    """Returns the bytes of memory that the server's process holds."""
    with open(f"/proc/{server.process.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_signature_is_over_the_body_as_it_was_sent(server, api):
    iam = server.client("iam")
    iam.create_user(UserName="coder")
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"arn:aws:execute-api:*:*:{api}/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="coder", PolicyName="call", PolicyDocument=document)
    key = iam.create_access_key(UserName="coder")["AccessKey"]
    body = gzip.compress(b'{"signed":true}')
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    url = server.api(api, "prod", "/signed")
    request = AWSRequest(method="POST", url=url, data=body, headers=headers)
    SigV4Auth(Credentials(key["AccessKeyId"], key["SecretAccessKey"]), "execute-api", "us-east-1").add_auth(request)
    with requests.Session() as session:
        session.trust_env = False
        signed = dict(request.headers.items())
        answer = session.post(url, data=body, headers=signed)
        assert answer.status_code == 200, answer.text
        assert answer.json()["said"] == '{"signed":true}'
        forged = session.post(url, data=gzip.compress(b'{"signed":false}'), headers=signed)
        assert forged.status_code == 403
        # The same content, coded otherwise, is another body.
        recoded = session.post(url, data=gzip.compress(b'{"signed":true}', 1, mtime=1), headers=signed)
        assert recoded.status_code == 403


def test_no_coding_hides_an_attack_from_the_firewall(server, api, ask):
    wafv2 = server.client("wafv2")
    visible = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "codings"}
    transformation = {"Priority": 0, "Type": "NONE"}
    statement = {
        "SqliMatchStatement": {
            "FieldToMatch": {"Body": {"OversizeHandling": "CONTINUE"}},
            "TextTransformations": [transformation],
        }
    }
    rule = {"Name": "sqli", "Priority": 0, "Action": {"Block": {}}, "Statement": statement, "VisibilityConfig": visible}
    acl = wafv2.create_web_acl(
        Name="codings", Scope="REGIONAL", DefaultAction={"Allow": {}}, Rules=[rule], VisibilityConfig=visible
    )["Summary"]
    stage = f"arn:aws:apigateway:us-east-1::/restapis/{api}/stages/prod"
    wafv2.associate_web_acl(WebACLArn=acl["ARN"], ResourceArn=stage)
    try:
        attack = b"1' OR '1'='1' UNION SELECT password FROM users --"
        for coding, encode in CODINGS.items():
            refused = ask("mock", encode(attack), coding)
            assert (refused.status, json.loads(refused.raw)) == (403, {"message": "Forbidden"})
            assert "firewall" in server.explain()
            assert ask("mock", encode(b'{"name":"ada"}'), coding).status == 200
            bomb = ask("mock", encode(b"a" * 50_000_000), coding)
            assert bomb.status == 413
        assert ask("mock", b"no gzip at all", "gzip").status == 415
    finally:
        wafv2.disassociate_web_acl(ResourceArn=stage)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("path", ["mock", "proxy", "chunked"])
def test_answer_is_coded_as_the_client_wants(ask, coding, path):
    plain = ask(path, b"{}")
    assert "Content-Encoding" not in plain.headers
    coded = ask(path, b"{}", accepts=coding)
    assert coded.status == 200 and coded.headers["Content-Encoding"] == coding
    assert DECODE[coding](coded.raw) == plain.raw and len(coded.raw) < len(plain.raw)
    assert coded.headers["Vary"] == "Accept-Encoding" and "Vary" not in plain.headers


def test_answer_that_is_to_stream_is_not_coded(server, api, ask):
    apigateway = server.client("apigateway")
    resources = {one["path"]: one["id"] for one in apigateway.get_resources(restApiId=api)["items"]}
    named = {"restApiId": api, "resourceId": resources["/chunked"], "httpMethod": "ANY"}
    mode = "/responseTransferMode"
    apigateway.update_integration(**named, patchOperations=[{"op": "replace", "path": mode, "value": "STREAM"}])
    apigateway.create_deployment(restApiId=api, stageName="prod")
    try:
        assert "Content-Encoding" not in ask("chunked", b"{}", accepts="gzip").headers
    finally:
        apigateway.update_integration(**named, patchOperations=[{"op": "replace", "path": mode, "value": "BUFFERED"}])
        apigateway.create_deployment(restApiId=api, stageName="prod")


@pytest.mark.parametrize("accepts", ["br, gzip", "*", "identity", "gzip;q=0", "br"])
def test_answer_is_not_coded_where_another_coding_comes_first(ask, accepts):
    answer = ask("mock", b"{}", accepts=accepts)
    assert "Content-Encoding" not in answer.headers and json.loads(answer.raw)["more"]


def test_short_answers_and_coded_ones_pass_as_they_are(ask):
    short = ask("short", b"{}", accepts="gzip")
    assert short.raw == b"short" and "Content-Encoding" not in short.headers
    coded = ask("coded", b"{}", accepts="gzip")
    assert coded.raw == LONG.encode() and coded.headers["Content-Encoding"] == "br"
    head = ask("proxy", accepts="gzip", method="HEAD")
    assert head.raw == b""


def test_size_is_changed_and_removed_with_the_next_deployment(server, api, ask):
    apigateway = server.client("apigateway")

    def patch(operation):
        apigateway.update_rest_api(restApiId=api, patchOperations=[operation])
        apigateway.create_deployment(restApiId=api, stageName="prod")

    try:
        patch({"op": "replace", "path": "/minimumCompressionSize", "value": "0"})
        assert ask("short", b"{}", accepts="gzip").headers["Content-Encoding"] == "gzip"
        patch({"op": "remove", "path": "/minimumCompressionSize"})
        assert "minimumCompressionSize" not in apigateway.get_rest_api(restApiId=api)
        assert "Content-Encoding" not in ask("mock", b"{}", accepts="gzip").headers
        # Bodies are decoded all the same.
        assert json.loads(ask("mock", gzip.compress(b"{}"), "gzip").raw)["said"] == "{}"
        for value in ("10485761", "-1", "many"):
            with pytest.raises(apigateway.exceptions.BadRequestException):
                patch({"op": "replace", "path": "/minimumCompressionSize", "value": value})
    finally:
        patch({"op": "replace", "path": "/minimumCompressionSize", "value": "100"})
