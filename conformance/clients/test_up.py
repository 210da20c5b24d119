"""What `up` prints, and what it refuses."""

import json
import subprocess

from portcullis import BINARY, QUICKSTART


def test_json_progress_is_one_object_a_line(own_server):
    server = own_server(QUICKSTART, "--json")
    events = [json.loads(line) for line in server.log.read_text().splitlines()]
    made = {event["logicalId"] for event in events if event["event"] == "resource"}
    assert {"Pool", "Client", "Api", "Stage"} <= made


def test_template_with_a_mistake_ends_up_with_its_place(tmp_path):
    template = tmp_path / "template.yaml"
    template.write_text("Resources:\n  Api:\n    Type: AWS::ApiGateway::RestApi\n    Properties: {Nam: x}\n")
    command = [BINARY, "up", template, "--data", tmp_path / "data"]
    for listener in ("--public", "--public-http", "--admin", "--proxy"):
        command += [listener, "127.0.0.1:0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and "Nam" in done.stderr, done.stderr
    assert not (tmp_path / "data" / "endpoints.json").exists()


def test_changed_template_updates_the_stack_on_the_next_up(own_server, web, tmp_path):
    template = tmp_path / "greeting.yaml"
    template.write_text(QUICKSTART.read_text())
    server = own_server(template)
    before = server.endpoints["stacks"]["greeting"]["outputs"]
    server.stop()
    changed = QUICKSTART.read_text().replace("StageName: prod", "StageName: live")
    template.write_text(changed)
    server.start()
    after = server.endpoints["stacks"]["greeting"]["outputs"]
    assert after["ApiId"] == before["ApiId"] and after["UserPoolId"] == before["UserPoolId"]
    assert web.get(server.api(after["ApiId"], "live", "/hello")).status_code == 401
    assert web.get(server.api(after["ApiId"], "prod", "/hello")).status_code == 403


def test_region_and_account_are_what_was_asked_for(own_server):
    server = own_server("--region", "eu-self-1", "--account", "123456789012")
    pool = server.client("cognito-idp").create_user_pool(PoolName="there")["UserPool"]
    assert pool["Arn"] == f"arn:aws:cognito-idp:eu-self-1:123456789012:userpool/{pool['Id']}"
    assert pool["Id"].startswith("eu-self-1_")
