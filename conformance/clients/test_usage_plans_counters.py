"""Quotas to the request: under many clients at once, and through `kill -9`."""

import concurrent.futures
import threading
import time

import pytest
import requests

from world import put_mock

CLIENTS = 16


def keyed_api(server, limit, **plan):
    """Makes an API that asks for a key, a plan with a quota, and a key; returns how to call it."""
    apigateway = server.client("apigateway")
    api = apigateway.create_rest_api(name="counted")["id"]
    root = apigateway.get_resources(restApiId=api)["items"][0]["id"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    apigateway.put_method(**method, authorizationType="NONE", apiKeyRequired=True)
    put_mock(apigateway, method, "{}")
    apigateway.create_deployment(restApiId=api, stageName="prod")
    quota = {"limit": limit, "period": "MONTH"}
    made = apigateway.create_usage_plan(name="plan", apiStages=[{"apiId": api, "stage": "prod"}], quota=quota, **plan)
    key = apigateway.create_api_key(enabled=True)
    apigateway.create_usage_plan_key(usagePlanId=made["id"], keyId=key["id"], keyType="API_KEY")
    return lambda: server.api(api, "prod", "/"), {"x-api-key": key["value"]}, (made["id"], key["id"])


def session():
    """A client with connections of its own."""
    made = requests.Session()
    made.trust_env = False
    return made


def test_a_quota_is_exact_to_the_request_with_64_clients_at_once(server):
    url, headers, _ = keyed_api(server, 500)

    def send(_):
        with session() as own:
            return [own.get(url(), headers=headers).status_code for _ in range(12)]

    with concurrent.futures.ThreadPoolExecutor(64) as clients:
        answers = sum(clients.map(send, range(64)), [])
    assert sorted(set(answers)) == [200, 429]
    assert answers.count(200) == 500


def test_a_throttle_admits_no_more_than_rate_and_burst_with_64_clients_at_once(server):
    burst, rate = 20, 50.0
    url, headers, _ = keyed_api(server, 1_000_000, throttle={"burstLimit": burst, "rateLimit": rate})
    together = threading.Barrier(64)

    def send(_):
        with session() as own:
            together.wait()
            return [own.get(url(), headers=headers).status_code for _ in range(12)]

    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(64) as clients:
        answers = sum(clients.map(send, range(64)), [])
    took = time.monotonic() - begun
    assert sorted(set(answers)) == [200, 429]
    assert burst <= answers.count(200) <= burst + rate * took, (answers.count(200), took)


def test_killed_again_and_again_a_quota_is_never_exceeded_and_loses_at_most_a_lease_each_time(own_server):
    limit, lease, kills = 3_000, 30, 4
    server = own_server()
    url, headers, (plan, key) = keyed_api(server, limit)
    admitted, lock = [0], threading.Lock()

    def send(stop):
        with session() as own:
            while not stop.is_set():
                try:
                    status = own.get(url(), headers=headers, timeout=10).status_code
                except requests.RequestException:
                    return
                with lock:
                    admitted[0] += status == 200
                if status != 200:
                    assert status == 429
                    return

    for attempt in range(kills):
        stop, before = threading.Event(), admitted[0]
        clients = [threading.Thread(target=send, args=[stop]) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        while admitted[0] < before + 300:
            stop.wait(0.002)
        server.kill()
        stop.set()
        for client in clients:
            client.join()
        server.start()
    assert admitted[0] < limit
    # A stop in good order costs nothing.
    left = server.client("apigateway").get_usage(usagePlanId=plan, startDate=today(), endDate=today())["items"][key][-1][1]
    server.stop()
    server.start()
    usage = server.client("apigateway").get_usage(usagePlanId=plan, startDate=today(), endDate=today())
    assert usage["items"][key][-1][1] == left
    stop = threading.Event()
    send(stop)
    # What was on its way when it was killed may have been admitted, and nobody heard of it.
    assert limit - kills * (lease + CLIENTS) <= admitted[0] <= limit


def today():
    import datetime

    return datetime.datetime.now(datetime.timezone.utc).date().isoformat()


def test_a_stage_tells_of_limits_where_its_tag_says_so(server, web):
    url, headers, _ = keyed_api(server, 2, throttle={"burstLimit": 50, "rateLimit": 10.0})
    quiet = web.get(url(), headers=headers).headers
    assert not {"ratelimit", "ratelimit-policy", "retry-after"} & {name.lower() for name in quiet}
    apigateway = server.client("apigateway")
    api = url().rstrip("/").split("/")[-2]
    deployment = apigateway.get_stage(restApiId=api, stageName="prod")["deploymentId"]
    tags = {"portcullis:rate-limit-fields": "ratelimit,retry-after"}
    made = {"restApiId": api, "stageName": "told", "deploymentId": deployment, "tags": tags}
    apigateway.create_stage(**made)
    with pytest.raises(apigateway.exceptions.BadRequestException):
        apigateway.create_stage(**{**made, "stageName": "wrong", "tags": {**tags, "portcullis:rate-limit-fields": "x"}})
    plan = apigateway.get_usage_plans()["items"]
    plan = next(item["id"] for item in plan if any(stage["apiId"] == api for stage in item["apiStages"]))
    apigateway.update_usage_plan(
        usagePlanId=plan, patchOperations=[{"op": "add", "path": "/apiStages", "value": f"{api}:told"}]
    )
    answers = [web.get(server.api(api, "told", "/"), headers=headers) for _ in range(2)]
    # The quota is one of both stages: one request was used up in the other.
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[0].headers["RateLimit-Policy"].startswith('"throttle";q=50;w=5, "quota";q=2;w=')
    assert '"quota";r=0;t=' in answers[0].headers["RateLimit"] and "Retry-After" not in answers[0].headers
    assert 0 < int(answers[1].headers["Retry-After"]) <= 31 * 86_400
