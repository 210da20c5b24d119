"""Layers that only observe: counted apart from those that refuse, and told by the access log."""

import json
import pathlib
import ssl

import pytest

import world
from portcullis import until
from test_acme import Served, free_ports
from test_custom_domains import ask, connect

TEMPLATE = pathlib.Path(__file__).parents[1] / "templates" / "observe.yaml"
# What each layer of the stage would refuse.
REFUSED = {
    "firewall": "/open?id=attack",
    "resource-policy": "/denied",
    "authorizer": "/guarded",
    "usage-plan": "/keyed",
    "validation": "/strict",
}


@pytest.fixture(scope="module")
def place(server):
    cloudformation = server.client("cloudformation")
    cloudformation.create_stack(StackName="observed", TemplateBody=TEMPLATE.read_text())
    cloudformation.get_waiter("stack_create_complete").wait(StackName="observed", WaiterConfig={"Delay": 1})
    outputs = cloudformation.describe_stacks(StackName="observed")["Stacks"][0]["Outputs"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in outputs}
    gateway = server.client("apigateway")
    for stage in (outputs["Stage"], outputs["Enforcing"]):
        log = f"arn:aws:logs:us-east-1:000000000000:log-group:{stage}"
        line = "$context.requestId|$context.path|$context.status|$context.portcullis.observed|$context.portcullis.refusedBy"
        gateway.update_stage(
            restApiId=outputs["ApiId"],
            stageName=stage,
            patchOperations=[
                {"op": "replace", "path": "/accessLogSettings/destinationArn", "value": log},
                {"op": "replace", "path": "/accessLogSettings/format", "value": line},
            ],
        )
    return outputs


def counted(server, web):
    token = (server.data / "metrics.token").read_text().strip()
    page = web.get(f"{server.endpoints['admin']}/metrics", headers={"Authorization": f"Bearer {token}"}).text
    found = {}
    for line in page.splitlines():
        if line.startswith("portcullis_decisions_total{"):
            layer, outcome = line.split('layer="')[1].split('"')[0], line.split('outcome="')[1].split('"')[0]
            found[layer, outcome] = int(line.rsplit(" ", 1)[1])
    return found


@pytest.mark.parametrize("layer", REFUSED)
def test_what_a_layer_would_have_refused_is_counted_apart(server, web, place, layer):
    for stage, outcome, other, status in (
        (place["Stage"], "observe-refuse", "refuse", 200),
        (place["Enforcing"], "refuse", "observe-refuse", None),
    ):
        before = counted(server, web)
        answer = web.get(server.api(place["ApiId"], stage, REFUSED[layer]))
        assert answer.status_code == status or (status is None and answer.status_code >= 400), answer.text
        after = counted(server, web)
        assert after[layer, outcome] == before.get((layer, outcome), 0) + 1
        assert after.get((layer, other), 0) == before.get((layer, other), 0)


@pytest.mark.parametrize("layer", REFUSED)
def test_access_log_says_who_refused_and_who_only_observed(server, web, place, layer):
    for stage, observed, refused in ((place["Stage"], layer, "-"), (place["Enforcing"], "-", layer)):
        answer = web.get(server.api(place["ApiId"], stage, REFUSED[layer]))
        request, file = answer.headers["x-amzn-RequestId"], server.data / "logs" / "access" / f"{stage}.log"

        def line():
            lines = file.read_text().splitlines() if file.exists() else []
            return next((line for line in lines if line.startswith(request)), None)

        until("a line of the access log", line)
        _, path, status, by_observing, by_refusing = line().split("|")
        assert path.endswith(REFUSED[layer].split("?")[0]) and status == str(answer.status_code)
        assert (by_observing, by_refusing) == (observed, refused)


def test_access_log_lists_every_layer_that_only_observed(server, web, place):
    answer = web.get(server.api(place["ApiId"], place["Stage"], "/all?x=attack"))
    file = server.data / "logs" / "access" / f"{place['Stage']}.log"
    until("a line", lambda: file.exists() and answer.headers["x-amzn-RequestId"] in file.read_text())
    line = next(line for line in file.read_text().splitlines() if line.startswith(answer.headers["x-amzn-RequestId"]))
    assert line.split("|")[3] == "firewall,authorizer,usage-plan,validation"


def test_configuration_of_serve_lets_layers_of_a_stage_observe(tmp_path):
    served = Served(tmp_path, *free_ports(1), "")
    gateway = served.client("apigateway")
    nobody = {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [nobody]})
    api = gateway.create_rest_api(name="observed", policy=policy)
    method = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    gateway.put_method(**method, authorizationType="NONE")
    world.put_mock(gateway, method, "{}")
    for stage in ("prod", "test"):
        gateway.create_deployment(restApiId=api["id"], stageName=stage)

    def status(stage):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with connect(served, "id.example.com", context=context) as connection:
            return ask(connection, f"{api['id']}.execute-api.us-east-1.apis.example.com", f"/{stage}/")[0]

    try:
        assert (status("prod"), status("test")) == (403, 403)
        served.stop()
        written = served.config.read_text()
        served.config.write_text(f'{written}\n[observe]\n"{api["id"]}/prod" = ["resource-policy"]\n')
        served.start()
        assert (status("prod"), status("test")) == (200, 403)
        # A change of the stage takes nothing of that away, and its own tag says nothing of it.
        gateway.update_stage(
            restApiId=api["id"],
            stageName="prod",
            patchOperations=[{"op": "replace", "path": "/description", "value": "x"}],
        )
        assert status("prod") == 200
        assert gateway.get_stage(restApiId=api["id"], stageName="prod").get("tags", {}) == {}
    finally:
        served.stop()
    served.config.write_text(f'{written}\n[observe]\n"{api["id"]}/prod" = ["route"]\n')
    with pytest.raises(AssertionError, match="observe: .*`route` cannot only observe"):
        served.start()
