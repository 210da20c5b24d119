"""`kill -9` while boto3 writes, then `up` again: what was acknowledged is there, and no half stack."""

import threading

import pytest

from portcullis import QUICKSTART, until
from test_cloudformation import SMALL


def test_acknowledged_writes_survive_kill_9(own_server):
    server = own_server()
    acknowledged = {"users": [], "apis": [], "deleted": []}
    pool = server.client("cognito-idp").create_user_pool(PoolName="crash")["UserPool"]["Id"]

    def write(act):
        number = 0
        try:
            while True:
                act(number)
                number += 1
        except Exception:
            return

    cognito, apigateway = server.client("cognito-idp"), server.client("apigateway")

    def make_user(number):
        cognito.admin_create_user(UserPoolId=pool, Username=f"user-{number}", MessageAction="SUPPRESS")
        acknowledged["users"].append(f"user-{number}")

    def make_api(number):
        made = apigateway.create_rest_api(name=f"api-{number}")["id"]
        if number % 3 == 0:
            apigateway.delete_rest_api(restApiId=made)
            acknowledged["deleted"].append(made)
        else:
            acknowledged["apis"].append(made)

    writers = [threading.Thread(target=write, args=(act,)) for act in (make_user, make_api)]
    for writer in writers:
        writer.start()
    until("writes", lambda: len(acknowledged["users"]) >= 20 and len(acknowledged["apis"]) >= 20, 60)
    server.kill()
    for writer in writers:
        writer.join()
    server.start()
    pages = server.client("cognito-idp").get_paginator("list_users").paginate(UserPoolId=pool)
    users = {user["Username"] for page in pages for user in page["Users"]}
    assert set(acknowledged["users"]) <= users
    pages = server.client("apigateway").get_paginator("get_rest_apis").paginate()
    apis = {item["id"] for page in pages for item in page["items"]}
    assert set(acknowledged["apis"]) <= apis
    assert not set(acknowledged["deleted"]) & apis


@pytest.mark.parametrize("progress", [0, 2, 4])
def test_stack_caught_by_kill_9_is_whole_or_gone(own_server, progress):
    server = own_server()
    cloudformation = server.client("cloudformation")
    cloudformation.create_stack(StackName="caught", TemplateBody=SMALL.replace("SAY", "One"))

    def far_enough():
        events = cloudformation.describe_stack_events(StackName="caught")["StackEvents"]
        return len(events) > progress

    until("the stack's start", far_enough)
    server.kill()
    server.start()
    cloudformation = server.client("cloudformation")

    def ended():
        status = cloudformation.describe_stacks(StackName="caught")["Stacks"][0]["StackStatus"]
        return None if status.endswith("IN_PROGRESS") else status

    status = until("the stack's end", ended)
    apis = server.client("apigateway").get_rest_apis()["items"]
    if status == "CREATE_COMPLETE":
        assert len(apis) == 1
    else:
        assert status == "ROLLBACK_COMPLETE" and apis == [], (status, apis)


def test_second_up_after_kill_9_serves_the_same_stack(own_server, web):
    server = own_server(QUICKSTART)
    before = server.endpoints["stacks"]
    server.kill()
    server.start()
    assert server.endpoints["stacks"] == before and "quickstart" in before
    outputs = before["quickstart"]["outputs"]
    assert web.get(server.api(outputs["ApiId"], "prod", "/hello")).status_code == 401
