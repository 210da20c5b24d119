"""Execution logs of stages: what a request leaves, line by line, and what never stands in one."""

import re
import stat

import pytest

from portcullis import until
from world import put_mock


@pytest.fixture(scope="module")
def apigateway(server):
    return server.client("apigateway")


@pytest.fixture
def api(server, apigateway, web):
    """An API with POST /open, and /keyed, which asks for a key; `ask` returns the lines of one request."""
    api = apigateway.create_rest_api(name="logged")["id"]
    root = apigateway.get_resources(restApiId=api)["items"][0]["id"]
    for name in ("open", "keyed"):
        resource = apigateway.create_resource(restApiId=api, parentId=root, pathPart=name)["id"]
        method = {"restApiId": api, "resourceId": resource, "httpMethod": "POST"}
        apigateway.put_method(**method, authorizationType="NONE", apiKeyRequired=name == "keyed")
        put_mock(apigateway, method, '{"answered":true}')
    apigateway.create_deployment(restApiId=api, stageName="prod")
    folder = server.data / "logs" / "execution"

    class Api:
        id = api
        file = folder / f"API-Gateway-Execution-Logs_{api}%2Fprod.log"

        def set(self, **settings):
            names = {"level": "/*/*/logging/loglevel", "data": "/*/*/logging/dataTrace"}
            operations = [{"op": "replace", "path": names[name], "value": value} for name, value in settings.items()]
            apigateway.update_stage(restApiId=api, stageName="prod", patchOperations=operations)

        def ask(self, path="/open", **more):
            return web.post(server.api(api, "prod", path), **more)

        def lines(self, answer):
            """Returns the lines of a request once its last is there."""
            id = answer.headers["x-amzn-RequestId"]

            def read():
                found = self.file.read_text().splitlines() if self.file.exists() else []
                found = [line for line in found if f"({id})" in line]
                return found if found and "Method completed" in found[-1] else None

            return until(f"the lines of {id}", read)

    yield Api()
    apigateway.delete_rest_api(restApiId=api)


def test_info_writes_every_step_of_every_request(api):
    api.set(level="INFO", data="false")
    lines = api.lines(api.ask(data="a body that nobody traces", headers={"X-Marked": "a header that nobody traces"}))
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \([0-9a-f-]{36}\) ", line) for line in lines)
    text = "\n".join(lines)
    for words in (
        "Extended Request Id: ",
        "Starting execution for request: ",
        "HTTP Method: POST, Resource Path: /open",
        "Layer authorizer: continue: ",
        "Received response. Status: 200",
        "Successfully completed execution",
        "Method completed with status: 200",
    ):
        assert words in text
    assert "nobody traces" not in text
    assert stat.S_IMODE(api.file.stat().st_mode) == 0o600


def test_traced_data_is_written_with_secrets_masked(api):
    api.set(level="INFO", data="true")
    secrets = {
        "Authorization": "Bearer " + "t" * 100 + "tail42",
        "X-Api-Key": "k" * 40,
        "Cookie": "session=" + "c" * 90,
        "X-Amz-Security-Token": "s" * 94 + "tail43",
        "X-Plain": "shown",
    }
    body = "line one\nline two\r\n(forged) Method completed with status: 500" + "é" * 2_000
    lines = api.lines(api.ask(data=body.encode(), headers=secrets))
    text = "\n".join(lines)
    for secret in ("tttt", "kkkk", "cccc", "ssss"):
        assert secret not in text
    assert "*tail42" in text and "X-Plain=shown" in text
    assert r"line one\nline two\r\n(forged)" in text
    assert any(line.endswith("[TRUNCATED]") for line in lines)
    assert all(len(line.encode()) < 1_100 for line in lines)
    assert 'Method response body after transformations: {"answered":true}' in text


def test_error_writes_the_requests_that_fail_alone(api):
    api.set(level="ERROR", data="false")
    admitted = api.ask()
    assert admitted.status_code == 200
    refused = api.ask("/keyed", headers={"X-Api-Key": "no-such-key-of-anybody"})
    assert refused.status_code == 403
    text = "\n".join(api.lines(refused))
    assert "Layer usage-plan: refuse: " in text and "Execution failed: " in text
    assert "Method completed with status: 403" in text and "no-such-key" not in text
    assert admitted.headers["x-amzn-RequestId"] not in api.file.read_text()


def test_off_writes_nothing_and_a_methods_own_level_stands_for_itself(apigateway, api):
    api.set(level="OFF")
    silent = api.ask()
    apigateway.update_stage(
        restApiId=api.id,
        stageName="prod",
        patchOperations=[{"op": "replace", "path": "/~1keyed/POST/logging/loglevel", "value": "INFO"}],
    )
    assert api.lines(api.ask("/keyed"))
    assert silent.headers["x-amzn-RequestId"] not in api.file.read_text()


def test_canary_has_a_log_of_its_own_too(server, apigateway, api):
    api.set(level="INFO")
    apigateway.update_stage(
        restApiId=api.id,
        stageName="prod",
        patchOperations=[{"op": "replace", "path": "/canarySettings/percentTraffic", "value": "100"}],
    )
    answer = api.ask()
    assert api.lines(answer)
    canary = api.file.with_name(api.file.name.replace("prod.log", "prod%2FCanary.log"))
    assert until("the canary's log", lambda: canary.exists() and answer.headers["x-amzn-RequestId"] in canary.read_text())


def test_parameters_that_prove_who_somebody_is_are_masked(api):
    api.set(level="INFO", data="true")
    text = "\n".join(api.lines(api.ask("/open?access_token=very-secret&%74oken=very-secret&page=2", data="{}")))
    assert "very-secret" not in text
    assert "page=2" in text and "access_token=****" in text
