"""API keys and usage plans with boto3: every operation, and what each change does to the next request."""

import datetime
import pathlib

import pytest

from world import put_mock


def replace(path, value):
    return {"op": "replace", "path": path, "value": value}


@pytest.fixture(scope="module")
def apigateway(server):
    return server.client("apigateway")


@pytest.fixture(scope="module")
def api(apigateway):
    """An API with /keyed, which asks for a key, in two stages."""
    api = apigateway.create_rest_api(name="plans")["id"]
    root = apigateway.get_resources(restApiId=api)["items"][0]["id"]
    resource = apigateway.create_resource(restApiId=api, parentId=root, pathPart="keyed")["id"]
    for http_method in ("GET", "POST"):
        method = {"restApiId": api, "resourceId": resource, "httpMethod": http_method}
        apigateway.put_method(**method, authorizationType="NONE", apiKeyRequired=True)
        put_mock(apigateway, method, "{}")
    for stage in ("prod", "beta"):
        apigateway.create_deployment(restApiId=api, stageName=stage)
    return api


def make_plan(apigateway, api, stage="prod", **more):
    return apigateway.create_usage_plan(name="plan", apiStages=[{"apiId": api, "stage": stage}], **more)["id"]


def make_key(apigateway, plan=None, **more):
    key = apigateway.create_api_key(enabled=True, **more)
    if plan:
        apigateway.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    return key


@pytest.fixture
def call(server, web, api):
    def send(key, stage="prod", method="GET"):
        headers = {"x-api-key": key["value"]} if key else {}
        return web.request(method, server.api(api, stage, "/keyed"), headers=headers).status_code

    return send


def test_api_key_operations(apigateway):
    made = apigateway.create_api_key(
        name="first", description="d", customerId="customer", value="a-value-of-my-own-choice", tags={"team": "a"}
    )
    assert made["enabled"] is False and made["value"] == "a-value-of-my-own-choice"
    got = apigateway.get_api_key(apiKey=made["id"])
    assert (got["name"], got["customerId"], got["tags"]) == ("first", "customer", {"team": "a"})
    assert "value" not in got
    assert apigateway.get_api_key(apiKey=made["id"], includeValue=True)["value"] == made["value"]
    changed = apigateway.update_api_key(
        apiKey=made["id"], patchOperations=[replace("/enabled", "true"), replace("/name", "second")]
    )
    assert changed["enabled"] is True and changed["name"] == "second" and "value" not in changed
    assert apigateway.get_api_key(apiKey=made["id"], includeValue=True)["value"] == made["value"]
    generated = apigateway.create_api_key(name="second too")
    assert len(generated["value"]) == 40
    named = apigateway.get_api_keys(nameQuery="second", includeValues=True)["items"]
    assert {item["id"]: item["value"] for item in named} == {
        made["id"]: made["value"],
        generated["id"]: generated["value"],
    }
    assert [item["id"] for item in apigateway.get_api_keys(customerId="customer")["items"]] == [made["id"]]
    pages = apigateway.get_paginator("get_api_keys").paginate(PaginationConfig={"PageSize": 1})
    listed = [item["id"] for page in pages for item in page["items"]]
    assert len(listed) == len(set(listed)) and {made["id"], generated["id"]} <= set(listed)
    with pytest.raises(apigateway.exceptions.ConflictException):
        apigateway.create_api_key(value=made["value"])
    for wrong in ("short", "x" * 129, "with a space in the value"):
        with pytest.raises(apigateway.exceptions.BadRequestException):
            apigateway.create_api_key(value=wrong)
    for id in (made["id"], generated["id"]):
        apigateway.delete_api_key(apiKey=id)
    with pytest.raises(apigateway.exceptions.NotFoundException):
        apigateway.get_api_key(apiKey=made["id"])


def test_usage_plan_operations(apigateway, api):
    plan = apigateway.create_usage_plan(
        name="gold",
        description="d",
        apiStages=[{"apiId": api, "stage": "prod", "throttle": {"/keyed/GET": {"burstLimit": 3, "rateLimit": 1.5}}}],
        throttle={"burstLimit": 10, "rateLimit": 5.0},
        quota={"limit": 100, "period": "WEEK", "offset": 1},
        tags={"team": "a"},
    )
    got = apigateway.get_usage_plan(usagePlanId=plan["id"])
    assert got["quota"] == {"limit": 100, "period": "WEEK", "offset": 1}
    assert got["apiStages"][0]["throttle"] == {"/keyed/GET": {"burstLimit": 3, "rateLimit": 1.5}}
    changed = apigateway.update_usage_plan(
        usagePlanId=plan["id"],
        patchOperations=[
            replace("/name", "silver"),
            replace("/throttle/rateLimit", "2.5"),
            replace("/quota/limit", "50"),
            {"op": "add", "path": "/apiStages", "value": f"{api}:beta"},
            replace(f"/apiStages/{api}:beta/throttle/keyed/POST/rateLimit", "1"),
            replace(f"/apiStages/{api}:beta/throttle/~1keyed/POST/burstLimit", "2"),
            {"op": "remove", "path": f"/apiStages/{api}:prod/throttle/keyed/GET"},
        ],
    )
    assert (changed["name"], changed["throttle"]) == ("silver", {"burstLimit": 10, "rateLimit": 2.5})
    stages = {stage["stage"]: stage.get("throttle", {}) for stage in changed["apiStages"]}
    assert stages == {"prod": {}, "beta": {"/keyed/POST": {"burstLimit": 2, "rateLimit": 1.0}}}
    changed = apigateway.update_usage_plan(
        usagePlanId=plan["id"],
        patchOperations=[{"op": "remove", "path": "/throttle"}, {"op": "remove", "path": "/quota"}],
    )
    assert "throttle" not in changed and "quota" not in changed
    with pytest.raises(apigateway.exceptions.BadRequestException):
        apigateway.delete_usage_plan(usagePlanId=plan["id"])
    apigateway.update_usage_plan(
        usagePlanId=plan["id"],
        patchOperations=[{"op": "remove", "path": "/apiStages", "value": f"{api}:{stage}"} for stage in stages],
    )
    pages = apigateway.get_paginator("get_usage_plans").paginate(PaginationConfig={"PageSize": 1})
    assert plan["id"] in [item["id"] for page in pages for item in page["items"]]
    apigateway.delete_usage_plan(usagePlanId=plan["id"])
    with pytest.raises(apigateway.exceptions.NotFoundException):
        apigateway.get_usage_plan(usagePlanId=plan["id"])


def test_what_is_wrong_with_a_plan_is_said(apigateway, api):
    bad, missing = apigateway.exceptions.BadRequestException, apigateway.exceptions.NotFoundException
    for error, plan in [
        # AWS describes `offset` in two ways; the ranges that it enforces are those of days.
        (bad, {"quota": {"limit": 1, "period": "DAY", "offset": 1}}),
        (bad, {"quota": {"limit": 1, "period": "WEEK", "offset": 7}}),
        (bad, {"quota": {"limit": 1, "period": "MONTH", "offset": 28}}),
        (bad, {"quota": {"limit": 1}}),
        # Nobody has recorded what AWS does with half a throttle: we ask for both.
        (bad, {"throttle": {"rateLimit": 1.0}}),
        (bad, {"throttle": {"burstLimit": 1}}),
        (missing, {"apiStages": [{"apiId": api, "stage": "nowhere"}]}),
        (missing, {"apiStages": [{"apiId": api, "stage": "prod", "throttle": {"/no/GET": {"burstLimit": 1, "rateLimit": 1.0}}}]}),
    ]:
        with pytest.raises(error):
            apigateway.create_usage_plan(name="wrong", **plan)


def test_keys_of_plans(apigateway, api, call):
    plan = make_plan(apigateway, api)
    key = make_key(apigateway, name="ada")
    assert call(key) == 403
    pair = {"usagePlanId": plan, "keyId": key["id"]}
    made = apigateway.create_usage_plan_key(**pair, keyType="API_KEY")
    assert (made["id"], made["type"], made["name"]) == (key["id"], "API_KEY", "ada")
    assert call(key) == 200 and call(key, stage="beta") == 403 and call(None) == 403
    assert apigateway.get_usage_plan_key(**pair)["id"] == key["id"]
    assert [item["id"] for item in apigateway.get_usage_plan_keys(usagePlanId=plan)["items"]] == [key["id"]]
    assert not apigateway.get_usage_plan_keys(usagePlanId=plan, nameQuery="bob")["items"]
    assert [item["id"] for item in apigateway.get_usage_plans(keyId=key["id"])["items"]] == [plan]
    conflict = apigateway.exceptions.ConflictException
    with pytest.raises(conflict):
        apigateway.create_usage_plan_key(**pair, keyType="API_KEY")
    other = make_plan(apigateway, api)
    with pytest.raises(conflict):
        apigateway.create_usage_plan_key(usagePlanId=other, keyId=key["id"], keyType="API_KEY")
    apigateway.delete_usage_plan_key(**pair)
    assert call(key) == 403
    with pytest.raises(apigateway.exceptions.NotFoundException):
        apigateway.get_usage_plan_key(**pair)


def test_a_plan_gains_no_stage_that_one_of_its_keys_has_by_another_plan(apigateway, api, call):
    first, second = make_plan(apigateway, api), make_plan(apigateway, api, stage="beta")
    key = make_key(apigateway, first)
    apigateway.create_usage_plan_key(usagePlanId=second, keyId=key["id"], keyType="API_KEY")
    assert call(key) == 200 and call(key, stage="beta") == 200
    gain = {"op": "add", "path": "/apiStages", "value": f"{api}:prod"}
    with pytest.raises(apigateway.exceptions.ConflictException):
        apigateway.update_usage_plan(usagePlanId=second, patchOperations=[gain])
    # What takes no new stage is no business of the keys.
    apigateway.update_usage_plan(usagePlanId=second, patchOperations=[replace("/description", "for beta")])
    assert call(key) == 200 and call(key, stage="beta") == 200
    apigateway.delete_usage_plan_key(usagePlanId=first, keyId=key["id"])
    assert call(key) == 403 and call(key, stage="beta") == 200
    apigateway.update_usage_plan(usagePlanId=second, patchOperations=[gain])
    assert call(key) == 200 and call(key, stage="beta") == 200


def test_a_key_that_is_disabled_or_deleted_opens_nothing_from_the_next_request_on(apigateway, api, call):
    key = make_key(apigateway, make_plan(apigateway, api))
    assert call(key) == 200
    apigateway.update_api_key(apiKey=key["id"], patchOperations=[replace("/enabled", "false")])
    assert call(key) == 403
    apigateway.update_api_key(apiKey=key["id"], patchOperations=[replace("/enabled", "true")])
    assert call(key) == 200
    apigateway.delete_api_key(apiKey=key["id"])
    assert call(key) == 403


def test_a_key_of_one_stages_plan_does_not_open_anothers(apigateway, api, call):
    prod = make_key(apigateway, make_plan(apigateway, api, "prod"))
    beta = make_key(apigateway, make_plan(apigateway, api, "beta"))
    assert (call(prod, "prod"), call(prod, "beta")) == (200, 403)
    assert (call(beta, "prod"), call(beta, "beta")) == (403, 200)


def test_a_changed_plan_counts_at_once_and_keys_share_no_bucket(apigateway, api, call):
    plan = make_plan(apigateway, api)
    ada, bob = make_key(apigateway, plan), make_key(apigateway, plan)
    assert [call(ada) for _ in range(3)] == [200, 200, 200]
    apigateway.update_usage_plan(
        usagePlanId=plan,
        patchOperations=[replace("/throttle/rateLimit", "0.001"), replace("/throttle/burstLimit", "2")],
    )
    assert [call(ada) for _ in range(3)] == [200, 200, 429]
    assert call(bob) == 200


def test_stage_throttles_are_patched(apigateway, api, call):
    key = make_key(apigateway, make_plan(apigateway, api))
    stage = {"restApiId": api, "stageName": "prod"}
    got = apigateway.update_stage(
        **stage,
        patchOperations=[
            replace("/~1keyed/POST/throttling/rateLimit", "0.001"),
            replace("/~1keyed/POST/throttling/burstLimit", "1"),
            replace("/*/*/metrics/enabled", "true"),
        ],
    )
    assert got["methodSettings"]["keyed/POST"]["throttlingBurstLimit"] == 1
    assert apigateway.get_stage(**stage)["methodSettings"]["*/*"]["metricsEnabled"] is True
    assert [call(key, method="POST") for _ in range(2)] == [200, 429]
    assert call(key, method="GET") == 200
    for path in ("/~1no/GET/throttling/rateLimit", "/*/*/caching/timeToLive"):
        with pytest.raises(apigateway.exceptions.BadRequestException):
            apigateway.update_stage(**stage, patchOperations=[replace(path, "1")])
    apigateway.update_stage(
        **stage, patchOperations=[{"op": "remove", "path": "/~1keyed/POST"}, {"op": "remove", "path": "/*/*"}]
    )
    assert call(key, method="POST") == 200


def test_usage_is_counted_and_what_is_left_can_be_set(apigateway, api, call):
    plan = make_plan(apigateway, api, quota={"limit": 3, "period": "MONTH"})
    ada, bob = make_key(apigateway, plan), make_key(apigateway, plan)
    assert [call(ada) for _ in range(4)] == [200, 200, 200, 429] and call(bob) == 200
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    usage = apigateway.get_usage(usagePlanId=plan, startDate=today, endDate=today)
    assert usage["items"] == {ada["id"]: [[3, 0]], bob["id"]: [[1, 2]]}
    only = apigateway.get_usage(usagePlanId=plan, keyId=bob["id"], startDate=today, endDate=today)
    assert list(only["items"]) == [bob["id"]]
    left = apigateway.update_usage(
        usagePlanId=plan, keyId=ada["id"], patchOperations=[replace("/remaining", "1")]
    )
    assert left["items"] == {ada["id"]: [[3, 1]]}
    assert [call(ada) for _ in range(2)] == [200, 429]
    with pytest.raises(apigateway.exceptions.BadRequestException):
        apigateway.get_usage(usagePlanId=plan, startDate="yesterday", endDate=today)


def test_quotas_survive_a_stop_and_a_kill_and_no_file_holds_a_value(own_server, web):
    server = own_server()
    apigateway = server.client("apigateway")
    api = apigateway.create_rest_api(name="plans")["id"]
    root = apigateway.get_resources(restApiId=api)["items"][0]["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="NONE", apiKeyRequired=True)
    put_mock(apigateway, method, "{}")
    apigateway.create_deployment(restApiId=api, stageName="prod")
    plan = make_plan(apigateway, api, quota={"limit": 3, "period": "MONTH"})
    value = "the-value-that-no-file-may-hold"
    key = make_key(apigateway, plan, value=value)
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()

    def call():
        return web.get(server.api(api, "prod", "/"), headers={"x-api-key": value}).status_code

    assert call() == 200
    server.stop()
    server.start()
    assert call() == 200
    # Reading the usage writes what was counted: a kill loses nothing before it.
    counted = server.client("apigateway").get_usage(usagePlanId=plan, startDate=today, endDate=today)
    assert counted["items"] == {key["id"]: [[2, 1]]}
    server.kill()
    server.start()
    assert [call(), call()] == [200, 429]
    server.stop()
    for file in pathlib.Path(server.data).rglob("*"):
        if file.is_file():
            assert value.encode() not in file.read_bytes(), file
    assert value not in server.log.read_text()
