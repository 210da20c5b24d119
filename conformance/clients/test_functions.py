"""Functions through boto3, as local processes of the binary: every operation, permissions, limits, and awslambdaric."""

import concurrent.futures
import http.server
import io
import json
import pathlib
import subprocess
import threading
import venv
import zipfile

import botocore.exceptions
import pytest

from portcullis import until

ROLE = "arn:aws:iam::000000000000:role/lambda"


def package(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in files.items():
            made.writestr(name.replace("__", "/") + ".py", text)
    return buffer.getvalue()


def refused(call, code, part=""):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call()
    assert error.value.response["Error"]["Code"] == code, error.value
    assert part in error.value.response["Error"]["Message"], error.value


def invoke(client, name, event=None):
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
    return answer.get("FunctionError"), json.loads(answer["Payload"].read())


@pytest.fixture(scope="module")
def lambdas(server):
    return server.client("lambda")


def create(client, name, code, **more):
    settings = {"Runtime": "python3.12", "Role": ROLE, "Handler": "app.handler", "Timeout": 5, "MemorySize": 256}
    client.create_function(FunctionName=name, Code={"ZipFile": package(app=code)}, **(settings | more))


def test_every_operation_on_a_function(lambdas):
    code = "import os\ndef handler(event, context):\n    return {'event': event, 'color': os.environ.get('COLOR'), 'v': 1}"
    create(lambdas, "every", code, Environment={"Variables": {"COLOR": "blue"}}, Description="d")
    configuration = lambdas.get_function(FunctionName="every")["Configuration"]
    assert configuration["FunctionArn"] == "arn:aws:lambda:us-east-1:000000000000:function:every"
    assert configuration["Environment"] == {"Variables": {"COLOR": "blue"}}
    assert configuration["State"] == "Active" and "Python 3." in configuration["StateReason"]
    assert invoke(lambdas, "every", [1, "ä"]) == (None, {"event": [1, "ä"], "color": "blue", "v": 1})
    # By name, by partial and by whole ARN, with the one qualifier that there is.
    for name in ("000000000000:function:every", configuration["FunctionArn"], configuration["FunctionArn"] + ":$LATEST"):
        assert invoke(lambdas, name)[0] is None, name
    refused(lambda: lambdas.invoke(FunctionName="every", Qualifier="live"), "ResourceNotFoundException")
    assert lambdas.invoke(FunctionName="every", InvocationType="DryRun")["StatusCode"] == 204
    refused(lambda: lambdas.invoke(FunctionName="every", InvocationType="Event"), "InvalidParameterValueException", "Event")
    refused(lambda: lambdas.invoke(FunctionName="every", Payload=b"{"), "InvalidRequestContentException")
    changed = lambdas.update_function_code(FunctionName="every", ZipFile=package(app=code.replace("'v': 1", "'v': 2")))
    assert changed["CodeSha256"] != configuration["CodeSha256"]
    assert invoke(lambdas, "every")[1]["v"] == 2
    lambdas.update_function_configuration(FunctionName="every", Environment={"Variables": {}}, Timeout=7)
    assert invoke(lambdas, "every")[1]["color"] is None
    configuration = lambdas.get_function_configuration(FunctionName="every")
    assert (configuration["Timeout"], configuration["Description"]) == (7, "d")
    refused(
        lambda: lambdas.update_function_configuration(FunctionName="every", Timeout=8, RevisionId="x"),
        "PreconditionFailedException",
    )
    names = [f["FunctionName"] for page in lambdas.get_paginator("list_functions").paginate() for f in page["Functions"]]
    assert "every" in names
    refused(lambda: create(lambdas, "every", code), "ResourceConflictException")
    lambdas.delete_function(FunctionName="every")
    refused(lambda: lambdas.get_function(FunctionName="every"), "ResourceNotFoundException")
    refused(lambda: lambdas.invoke(FunctionName="every"), "ResourceNotFoundException")


def test_what_is_not_supported_is_refused_by_name(lambdas):
    good = "def handler(e, c): pass"
    for more, part in (
        ({"Runtime": "nodejs22.x"}, "nodejs22.x"),
        ({"Handler": "nodot"}, "nodot"),
        ({"Role": "me"}, "`me`"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "AWS_REGION"),
        ({"Publish": True}, "Publish"),
        ({"MemorySize": 20000}, "MemorySize"),
        ({"PackageType": "Image"}, "PackageType"),
    ):
        refused(lambda: create(lambdas, "never", good, **more), "InvalidParameterValueException", part)
    refused(lambda: create(lambdas, "never", good, Layers=["arn:aws:lambda:us-east-1:1:layer:x:1"]), "BadRequestException", "Layers")
    for code in (b"no zip", package(app=good)[:-8]):
        refused(
            lambda: lambdas.create_function(
                FunctionName="never", Runtime="python3.12", Role=ROLE, Handler="a.b", Code={"ZipFile": code}
            ),
            "InvalidParameterValueException",
            "Could not unzip",
        )


def test_failures_have_aws_form(lambdas):
    code = "def handler(event, context):\n    raise ValueError('bad ' + event)"
    create(lambdas, "failing", code)
    kind, error = invoke(lambdas, "failing", "thing")
    assert (kind, error["errorType"], error["errorMessage"]) == ("Unhandled", "ValueError", "bad thing")
    create(lambdas, "slow", "import time\ndef handler(event, context):\n    time.sleep(60)", Timeout=1)
    kind, error = invoke(lambdas, "slow")
    assert kind == "Unhandled" and error["errorMessage"].endswith("Task timed out after 1.00 seconds")
    create(lambdas, "greedy", "def handler(event, context):\n    return len(bytearray(event << 20))", MemorySize=128)
    assert invoke(lambdas, "greedy", 30)[0] is None
    assert invoke(lambdas, "greedy", 400)[1]["errorType"] == "MemoryError"


def test_permissions_are_written_and_read(lambdas):
    create(lambdas, "guarded", "def handler(e, c): return 1")
    refused(lambda: lambdas.get_policy(FunctionName="guarded"), "ResourceNotFoundException")
    permission = {
        "FunctionName": "guarded", "StatementId": "api", "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com", "SourceArn": "arn:aws:execute-api:us-east-1:000000000000:abc/*",
        "SourceAccount": "000000000000",
    }
    lambdas.add_permission(**permission)
    refused(lambda: lambdas.add_permission(**permission), "ResourceConflictException")
    refused(lambda: lambdas.add_permission(**permission | {"StatementId": "b", "Action": "s3:Get"}), "InvalidParameterValueException")
    (statement,) = json.loads(lambdas.get_policy(FunctionName="guarded")["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert statement["Condition"] == {
        "ArnLike": {"AWS:SourceArn": permission["SourceArn"]}, "StringEquals": {"AWS:SourceAccount": "000000000000"},
    }
    lambdas.remove_permission(FunctionName="guarded", StatementId="api")
    refused(lambda: lambdas.remove_permission(FunctionName="guarded", StatementId="api"), "ResourceNotFoundException")


def test_invoke_needs_its_permission(server, lambdas):
    create(lambdas, "private", "def handler(e, c): return 1")
    iam = server.client("iam")
    iam.create_user(UserName="invoker")
    key = iam.create_access_key(UserName="invoker")["AccessKey"]
    user = server.client("lambda", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    refused(lambda: user.invoke(FunctionName="private"), "AccessDeniedException")
    policy = {"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "lambda:InvokeFunction",
        "Resource": "arn:aws:lambda:us-east-1:000000000000:function:private"}}
    iam.put_user_policy(UserName="invoker", PolicyName="p", PolicyDocument=json.dumps(policy))
    assert invoke(user, "private") == (None, 1)
    refused(lambda: user.invoke(FunctionName="private-2"), "AccessDeniedException")
    refused(lambda: user.get_function(FunctionName="private"), "AccessDeniedException")


def runs(pid):
    """Tells whether a process is there; one that nobody has waited for yet is gone."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def test_functions_survive_a_kill_and_their_workers_do_not(own_server):
    server = own_server()
    client = server.client("lambda")
    code = "import os, subprocess\ndef handler(e, c): return [os.getpid(), subprocess.Popen(['sleep', '600']).pid]"
    create(client, "keeps", code, Environment={"Variables": {"K": "hunter2-hunter2"}})
    pids = invoke(client, "keeps")[1]
    assert all(map(runs, pids))
    server.kill()
    until("the end of the workers", lambda: not any(map(runs, pids)))
    # Sealed: the variable is nowhere in clear.
    for path in server.data.rglob("*"):
        if path.is_file():
            assert b"hunter2-hunter2" not in path.read_bytes(), path
    server.start()
    again = invoke(server.client("lambda"), "keeps")[1]
    assert again[0] != pids[0]
    server.stop()
    until("the end of the workers", lambda: not any(map(runs, again)))


def test_awslambdaric_works_as_the_runtime_client(lambdas, tmp_path):
    place = tmp_path / "venv"
    venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    got = subprocess.run([python, "-m", "pip", "install", "-q", "awslambdaric"], capture_output=True, text=True)
    if got.returncode != 0:
        pytest.skip("SKIPPED: awslambdaric cannot be installed here: " + got.stderr[-300:])
    wrapper = tmp_path / "wrapper"
    wrapper.write_text(f'#!/bin/sh\nexec {python} -m awslambdaric "$_HANDLER"\n')
    wrapper.chmod(0o755)
    code = "import sys\ndef handler(event, context):\n    return ['awslambdaric' in sys.modules, event, context.function_name, context.aws_request_id]"
    create(lambdas, "ric", code, Environment={"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": str(wrapper)}}, MemorySize=512)
    for event in ({"a": 1}, [2]):
        kind, said = invoke(lambdas, "ric", event)
        assert kind is None, said
        assert said[:3] == [True, event, "ric"] and len(said[3]) == 36


def test_code_comes_from_the_folder_of_a_bucket(own_server, tmp_path):
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "f.zip").write_bytes(package(app="def handler(e, c): return 'from the bucket'"))
    client = own_server("--bucket", f"code={folder}").client("lambda")
    settings = {"Runtime": "python3.12", "Role": ROLE, "Handler": "app.handler"}
    client.create_function(FunctionName="b", Code={"S3Bucket": "code", "S3Key": "f.zip"}, **settings)
    assert invoke(client, "b") == (None, "from the bucket")
    (folder / "f.zip").write_bytes(package(app="def handler(e, c): return 'changed'"))
    assert invoke(client, "b") == (None, "from the bucket")
    client.update_function_code(FunctionName="b", S3Bucket="code", S3Key="f.zip")
    assert invoke(client, "b") == (None, "changed")
    for bucket, key in (("other", "f.zip"), ("code", "none.zip"), ("code", "../code.log")):
        refused(
            lambda: client.update_function_code(FunctionName="b", S3Bucket=bucket, S3Key=key),
            "InvalidParameterValueException",
        )


def test_binding_wins_over_local_code(own_server):
    class Endpoint(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            event = self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps([self.path, json.loads(event)]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as endpoint:
        threading.Thread(target=endpoint.serve_forever, daemon=True).start()
        arn = "arn:aws:lambda:us-east-1:000000000000:function:both"
        client = own_server("--function", f"{arn}=http://127.0.0.1:{endpoint.server_port}").client("lambda")
        expected = (None, ["/2015-03-31/functions/both/invocations", {"a": 1}])
        # Bound and not made here: it can be invoked all the same.
        assert invoke(client, "both", {"a": 1}) == expected
        create(client, "both", "def handler(e, c): return 'local'")
        assert invoke(client, "both", {"a": 1}) == expected
        reason = client.get_function(FunctionName="both")["Configuration"]["StateReason"]
        assert reason == "runs behind the endpoint that it is bound to"
        endpoint.shutdown()


def test_one_event_too_many_at_once_is_throttled(lambdas, tmp_path):
    gate = tmp_path / "gate"
    code = "import os, time\ndef handler(event, context):\n    while not os.path.exists(event): time.sleep(0.02)\n    return 1"
    create(lambdas, "busy", code, Timeout=60)

    def run():
        try:
            return invoke(lambdas, "busy", str(gate))
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"]

    with concurrent.futures.ThreadPoolExecutor(11) as pool:
        running = [pool.submit(run) for _ in range(11)]
        try:
            # Ten wait at the gate; whichever comes last is refused at once.
            done, _ = concurrent.futures.wait(running, 60, concurrent.futures.FIRST_COMPLETED)
            assert [future.result() for future in done] == ["TooManyRequestsException"]
        finally:
            gate.touch()
        assert sorted(map(str, (f.result() for f in running)))[:10] == ["(None, 1)"] * 10


READER = """
import sys
sys.path.insert(0, {site!r})

def handler(event, context):
    import boto3, botocore.exceptions
    who = boto3.client("sts").get_caller_identity()["Arn"]
    try:
        return [who, boto3.client("secretsmanager").get_secret_value(SecretId=event)["SecretString"]]
    except botocore.exceptions.ClientError as error:
        return [who, error.response["Error"]["Code"]]
"""


def test_function_may_what_its_role_may(server, lambdas):
    iam, secrets = server.client("iam"), server.client("secretsmanager")
    for name in ("function-may-read", "function-may-not"):
        secrets.create_secret(Name=name, SecretString=f"value of {name}")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = lambda statement: json.dumps({"Version": "2012-10-17", "Statement": statement})
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=document(trust))["Role"]
    arn = secrets.describe_secret(SecretId="function-may-read")["ARN"]
    allow = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}
    iam.put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=document(allow))
    site = str(pathlib.Path(botocore.__file__).parents[1])
    settings = {"Role": role["Arn"], "Timeout": 60, "MemorySize": 1024}
    create(lambdas, "reader", READER.format(site=site), **settings)
    who = "arn:aws:sts::000000000000:assumed-role/reader/reader"
    assert invoke(lambdas, "reader", "function-may-read") == (None, [who, "value of function-may-read"])
    assert invoke(lambdas, "reader", "function-may-not") == (None, [who, "AccessDeniedException"])
    # What the role loses, the process that runs already loses too.
    iam.delete_role_policy(RoleName="reader", PolicyName="p")
    assert invoke(lambdas, "reader", "function-may-read")[1][1] == "AccessDeniedException"
    # A role that does not trust functions gives them nothing: the log says why.
    other = document(trust | {"Principal": {"Service": "events.amazonaws.com"}})
    iam.update_assume_role_policy(RoleName="reader", PolicyDocument=other)
    lambdas.update_function_configuration(FunctionName="reader", Description="a new process")
    error, said = invoke(lambdas, "reader", "function-may-read")
    assert error == "Unhandled" and said["errorType"] == "NoCredentialsError", said
    log = (server.data / "logs" / "reader.log").read_text()
    assert "has no AWS credentials" in log and "does not name the service" in log
    lambdas.delete_function(FunctionName="reader")
    iam.delete_role(RoleName="reader")
    for name in ("function-may-read", "function-may-not"):
        secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
