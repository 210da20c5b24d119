"""Services that are elsewhere: an integration calls them in its role's name, signed with the operator's keys."""

import http.server
import json
import threading

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

KEYS = {"access_key_id": "AKIAELSEWHERE", "secret_access_key": "a secret that only the service and the operator know"}


class Queue(http.server.BaseHTTPRequestHandler):
    """Takes what is signed with the operator's keys, as botocore computes it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        date = self.headers["X-Amz-Date"]
        signed = self.headers["Authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
        again = AWSRequest("POST", f"http://{self.headers['Host']}{self.path}", data=body)
        for name in signed:
            again.headers[name] = self.headers[name]
        again.context["timestamp"] = date
        signer = SigV4Auth(Credentials(KEYS["access_key_id"], KEYS["secret_access_key"]), "sqs", "us-east-1")
        signature = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
        good = self.headers["Authorization"].endswith(f"Signature={signature}") and "AKIAELSEWHERE" in self.headers["Authorization"]
        self.server.seen.append((self.path, self.headers["X-Amz-Target"], json.loads(body), self.headers["Content-Type"]))
        answer = json.dumps({"MessageId": "1"} if good else {"__type": "InvalidSignatureException"}).encode()
        self.send_response(200 if good else 403)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def queue():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Queue) as server:
        server.seen = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def server(own_server, queue, tmp_path):
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(KEYS))
    keys.chmod(0o600)
    return own_server("--service", f"sqs=http://127.0.0.1:{queue.server_port}", "--service-credentials", keys)


def role(iam, name, **may):
    trust = {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **may}]}
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
    return arn


def api(apigateway, credentials, action="sqs:action/SendMessage"):
    made = apigateway.create_rest_api(name="queue", endpointConfiguration={"types": ["REGIONAL"]})
    method = {"restApiId": made["id"], "resourceId": made["rootResourceId"], "httpMethod": "POST"}
    apigateway.put_method(**method, authorizationType="NONE")
    apigateway.put_integration(
        **method,
        type="AWS",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:us-east-1:{action}",
        credentials=credentials,
        requestTemplates={"application/json": '{"QueueUrl": "https://queue/one", "MessageBody": $input.json("$.said")}'},
    )
    for status, pattern in (("200", None), ("502", "4\\d\\d")):
        apigateway.put_method_response(**method, statusCode=status)
        chosen = {"selectionPattern": pattern} if pattern else {}
        apigateway.put_integration_response(**method, statusCode=status, **chosen)
    apigateway.create_deployment(restApiId=made["id"], stageName="prod")
    return made["id"]


def test_action_is_called_signed_and_its_answer_is_the_integrations(server, queue, web):
    arn = role(server.client("iam"), "sender", Action="sqs:SendMessage")
    made = api(server.client("apigateway"), arn)
    answer = web.post(server.api(made, "prod", "/"), json={"said": "hello"})
    assert (answer.status_code, answer.json()) == (200, {"MessageId": "1"}), server.explain()
    sent = {"QueueUrl": "https://queue/one", "MessageBody": "hello"}
    assert queue.seen == [("/", "AmazonSQS.SendMessage", sent, "application/x-amz-json-1.0")]
    told = server.explain()
    assert "sqs" in told and "SendMessage" in told
    assert KEYS["secret_access_key"] not in told and KEYS["secret_access_key"] not in server.log.read_text()


def test_what_the_role_may_not_never_leaves(server, queue, web):
    iam, apigateway = server.client("iam"), server.client("apigateway")
    made = api(apigateway, role(iam, "reader", Action="sqs:ReceiveMessage"))
    refused = web.post(server.api(made, "prod", "/"), json={"said": "hello"})
    assert refused.status_code == 502 and refused.json()["__type"] == "AccessDeniedException"
    denies = {"Effect": "Deny", "Action": "*"}
    made = api(apigateway, role(iam, "denied", **denies))
    assert web.post(server.api(made, "prod", "/"), json={"said": "hello"}).status_code == 502
    # A right on one queue is none: which queue it is only the body says.
    one = {"Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:000000000000:one"}
    made = api(apigateway, role(iam, "narrow", **one))
    assert web.post(server.api(made, "prod", "/"), json={"said": "hello"}).status_code == 502
    made = api(apigateway, "arn:aws:iam::000000000000:role/nobody")
    assert web.post(server.api(made, "prod", "/"), json={"said": "hello"}).status_code == 500
    assert queue.seen == []


def test_services_that_nobody_named_are_refused_at_deployment(server):
    arn = role(server.client("iam"), "any", Action="*")
    for action in ("dynamodb:action/PutItem", "nothing:action/Do"):
        with pytest.raises(ClientError, match="has no action"):
            api(server.client("apigateway"), arn, action)


def test_endpoints_that_cannot_be_are_told_at_the_start(tmp_path):
    import subprocess

    from portcullis import BINARY

    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(KEYS))
    for arguments, reason in (
        (["--service", "sqs=http://127.0.0.1:1"], "keys that calls are signed with"),
        (["--service", "s3=http://127.0.0.1:1", "--service-credentials", keys], "use one of"),
        (["--service", "events=http://127.0.0.1:1", "--service-credentials", keys], "it is served here"),
        (["--service", "sqs=ftp://x", "--service-credentials", keys], "sqs"),
        (["--service", "sqs=http://127.0.0.1:1", "--service-credentials", keys], "may be read by others"),
    ):
        listeners = [part for name in ("public", "public-http", "admin", "proxy") for part in (f"--{name}", "127.0.0.1:0")]
        command = [BINARY, "up", "--data", tmp_path / "data", *listeners, *arguments]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode != 0 and reason in done.stderr, (arguments, done.stderr)
