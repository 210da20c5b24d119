"""Logs that are sealed: nothing of them is on the disk in clear, and whoever has the root key reads them."""

import base64
import stat
import subprocess

from portcullis import BINARY, until
from world import put_mock

GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:/shop/access"


def unsealed(*arguments):
    return subprocess.run([BINARY, "unseal", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)


def test_logs_are_read_with_the_root_key_alone(own_server, web, tmp_path):
    server = own_server("--encrypt-logs")
    apigateway = server.client("apigateway")
    made = apigateway.create_rest_api(name="sealed", endpointConfiguration={"types": ["REGIONAL"]})
    api = made["id"]
    method = {"restApiId": api, "resourceId": made["rootResourceId"], "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="NONE")
    put_mock(apigateway, method, '"answered"')
    apigateway.create_deployment(restApiId=api, stageName="prod")
    settings = {
        "/accessLogSettings/destinationArn": GROUP,
        "/accessLogSettings/format": "$context.requestId a marked line",
        "/*/*/logging/loglevel": "INFO",
    }
    operations = [{"op": "replace", "path": path, "value": value} for path, value in settings.items()]
    apigateway.update_stage(restApiId=api, stageName="prod", patchOperations=operations)
    asked = [web.get(server.api(api, "prod", "/")).headers["x-amzn-RequestId"] for _ in range(3)]
    access = server.data / "logs" / "access" / "%2Fshop%2Faccess.log.sealed"
    execution = server.data / "logs" / "execution" / f"API-Gateway-Execution-Logs_{api}%2Fprod.log.sealed"

    def read(file):
        done = unsealed(file, "--data", server.data)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    until("the access log", lambda: access.exists() and len(read(access)) == 3)
    # The server runs meanwhile, and goes on after a restart.
    assert read(access) == [f"{id} a marked line" for id in asked]
    until("the execution log", lambda: sum("Method completed" in line for line in read(execution)) == 3)
    server.stop()
    server.start()
    asked.append(web.get(server.api(api, "prod", "/")).headers["x-amzn-RequestId"])
    server.stop()
    assert read(access) == [f"{id} a marked line" for id in asked]
    for file in (access, execution):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    files = [path for path in (server.data / "logs").rglob("*") if path.is_file()]
    assert sorted(files) == sorted([access, execution])
    assert not any(id.encode() in path.read_bytes() for id in asked for path in files)
    # Copied elsewhere it opens; with another key, or changed, it does not.
    moved = tmp_path / "copy"
    moved.write_bytes(access.read_bytes())
    assert read(moved) == read(access)
    nothing = unsealed(access, "--data", tmp_path / "nowhere")
    assert nothing.returncode != 0 and "there is no root key" in nothing.stderr
    changed = bytearray(access.read_bytes())
    changed[-9] ^= 1
    moved.write_bytes(changed)
    refused = unsealed(moved, "--data", server.data)
    assert refused.returncode != 0 and asked[-1] not in refused.stdout
    other = tmp_path / "other"
    other.mkdir()
    (other / "root.key").write_text(base64.b64encode(bytes(32)).decode() + "\n")
    (other / "root.key").chmod(0o600)
    refused = unsealed(access, "--data", other)
    assert refused.returncode != 0 and "marked" not in refused.stdout


def test_access_logs_go_to_standard_output_where_the_operator_wants_it(own_server, web, tmp_path):
    server = own_server("--access-logs-to-stdout")
    apigateway = server.client("apigateway")
    made = apigateway.create_rest_api(name="printed", endpointConfiguration={"types": ["REGIONAL"]})
    method = {"restApiId": made["id"], "resourceId": made["rootResourceId"], "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="NONE")
    put_mock(apigateway, method, '"answered"')
    apigateway.create_deployment(restApiId=made["id"], stageName="prod")
    settings = {
        "/accessLogSettings/destinationArn": GROUP,
        "/accessLogSettings/format": "$context.requestId printed on $context.stage",
    }
    operations = [{"op": "replace", "path": path, "value": value} for path, value in settings.items()]
    apigateway.update_stage(restApiId=made["id"], stageName="prod", patchOperations=operations)
    asked = [web.get(server.api(made["id"], "prod", "/")).headers["x-amzn-RequestId"] for _ in range(3)]
    lines = [f"{id} printed on prod" for id in asked]
    until("the lines", lambda: [line for line in server.log.read_text().splitlines() if "printed on" in line] == lines)
    assert not (server.data / "logs" / "access").exists()
    command = [BINARY, "up", "--data", str(tmp_path / "both"), "--access-logs-to-stdout", "--encrypt-logs"]
    both = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert both.returncode != 0 and "cannot be sealed" in both.stderr
