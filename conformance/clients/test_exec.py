"""`portcullis exec`: its environment, and clients that run in it with no setting of their own."""

import json
import os
import pathlib
import shutil
import sys

import pytest

from world import PASSWORD

CLI = str(pathlib.Path(sys.executable).with_name("aws"))


def test_environment_is_that_of_the_contract(server):
    given = {**os.environ, "AWS_PROFILE": "other", "AWS_SESSION_TOKEN": "old"}
    done = server.exec(sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))", env=given)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    endpoints = server.endpoints
    expected = {
        "AWS_ACCESS_KEY_ID": server.credentials["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": server.credentials["secret_access_key"],
        "AWS_REGION": endpoints["region"],
        "AWS_DEFAULT_REGION": endpoints["region"],
        "AWS_ENDPOINT_URL": endpoints["admin"],
        "NODE_USE_ENV_PROXY": "1",
        "NODE_EXTRA_CA_CERTS": endpoints["ca"],
        "NO_PROXY": "127.0.0.1,::1",
        "no_proxy": "127.0.0.1,::1",
        **{name: endpoints["proxy"] for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")},
    }
    assert {name: seen.get(name) for name in expected} == expected
    assert "AWS_PROFILE" not in seen and "AWS_SESSION_TOKEN" not in seen
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        assert pathlib.Path(endpoints["ca"]).read_text().strip() in pathlib.Path(seen[name]).read_text(), name


def test_exit_status_is_the_commands(server):
    assert server.exec("sh", "-c", "exit 7").returncode == 7


def test_aws_cli_works_without_any_option(server, guarded):
    done = server.exec(CLI, "sts", "get-caller-identity")
    assert json.loads(done.stdout)["Account"] == server.endpoints["account"], done.stderr
    done = server.exec(CLI, "cognito-idp", "list-users", "--user-pool-id", guarded.pool)
    assert [user["Username"] for user in json.loads(done.stdout)["Users"]] == ["ada"], done.stderr
    done = server.exec(CLI, "apigateway", "get-rest-api", "--rest-api-id", guarded.api)
    assert json.loads(done.stdout)["id"] == guarded.api, done.stderr
    done = server.exec(CLI, "cloudformation", "describe-stacks", "--stack-name", "nosuch")
    assert done.returncode != 0 and "does not exist" in done.stderr


def test_curl_reaches_awss_own_hosts_through_the_proxy(server, guarded):
    host = f"https://{guarded.api}.execute-api.{server.endpoints['region']}.amazonaws.com/prod/hello"
    done = server.exec("curl", "-sS", "-w", " %{http_code}", host)
    assert done.stdout == '{"message":"Unauthorized"} 401', done.stderr


def test_hosts_under_the_domain_answer_over_https_without_the_proxy(server, guarded):
    endpoints = server.endpoints
    port = endpoints["public"]["https"].rsplit(":", 1)[1]
    host = f"{guarded.api}.execute-api.{endpoints['region']}.{endpoints['domain']}"
    done = server.exec(
        "curl", "-sS", "--noproxy", "*", "--cacert", endpoints["ca"], "--http2", "-w", " %{http_version} %{http_code}",
        "--resolve", f"{host}:{port}:127.0.0.1", f"https://{host}:{port}/prod/hello",
    )
    assert done.stdout in ('{"message":"Unauthorized"} 2 401', '{"message":"Unauthorized"} 1.1 401'), done.stderr


PYCOGNITO = """
import sys, pycognito
pool, client, name, password = sys.argv[1:]
user = pycognito.Cognito(pool, client, username=name)
try:
    user.authenticate(password=password)
    print("admitted", user.id_claims["cognito:username"], user.access_claims["token_use"])
except Exception as refusal:
    print("refused", type(refusal).__name__, refusal)
"""


def pycognito(server, guarded, name, password):
    """Signs in over SRP; pycognito verifies the tokens with keys from the issuer's own URL."""
    done = server.exec(sys.executable, "-c", PYCOGNITO, guarded.pool, guarded.client, name, password)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_pycognito_signs_in_over_srp(server, guarded):
    assert pycognito(server, guarded, "ada", PASSWORD) == "admitted ada access"


@pytest.mark.parametrize("name,password", [("ada", "Wrong-password-1"), ("nobody", PASSWORD)])
def test_pycognito_is_refused_with_a_wrong_password_or_name(server, guarded, name, password):
    said = pycognito(server, guarded, name, password)
    assert said.startswith("refused NotAuthorizedException") or said.startswith("refused UserNotFoundException"), said
    explained = server.explain()
    assert password not in explained
    refusal = [line for line in explained.splitlines() if "REFUSE" in line]
    assert len(refusal) == 1 and "operation" in refusal[0] and "NotAuthorizedException: " in refusal[0], explained


def test_pycognito_must_change_a_temporary_password(server, guarded):
    cognito = server.client("cognito-idp")
    cognito.admin_create_user(
        UserPoolId=guarded.pool, Username="fresh", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
    )
    assert pycognito(server, guarded, "fresh", PASSWORD).startswith("refused ForceChangePasswordException")


def test_deploy_creates_and_updates_a_stack(server, tmp_path, web):
    template = tmp_path / "template.yaml"
    shutil.copy(pathlib.Path(__file__).parents[1] / "templates" / "routes.yaml", template)
    done = server.run("deploy", template, "--stack", "deployed")
    assert done.returncode == 0, done.stderr
    outputs = json.loads((server.data / "endpoints.json").read_text())["stacks"]["deployed"]["outputs"]
    assert web.get(server.api(outputs["ApiId"], "test", "/pets")).status_code == 200
    again = server.run("deploy", template, "--stack", "deployed")
    assert again.returncode == 0, again.stderr
    template.write_text("Resources: {A: {Type: AWS::No::Such}}")
    wrong = server.run("deploy", template, "--stack", "deployed")
    assert wrong.returncode == 1 and "AWS::No::Such" in wrong.stderr + wrong.stdout
