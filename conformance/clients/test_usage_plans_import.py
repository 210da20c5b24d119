"""API keys from files, and what an account says of itself, with boto3."""

import re
import time

import pytest

from test_usage_plans_counters import keyed_api, session


@pytest.fixture(scope="module")
def apigateway(server):
    return server.client("apigateway")


def file_of(rows, header="Name,key,description,Enabled,usageplanIds"):
    return "\n".join([header, *rows]).encode()


def test_a_file_of_keys_makes_keys_in_plans_and_changes_those_that_are_there(server, apigateway, web):
    url, headers, (plan, _) = keyed_api(server, 100)
    mine = "imported-key-of-ada-0001"
    done = apigateway.import_api_keys(
        format="csv",
        body=file_of([f'ada,{mine},"says ""hello""",TRUE,{plan}', "bob,imported-key-of-bob-0001,,false,"]),
    )
    assert len(done["ids"]) == 2 and done["warnings"] == []
    ada, bob = (apigateway.get_api_key(apiKey=id, includeValue=True) for id in done["ids"])
    assert (ada["name"], ada["description"], ada["enabled"], ada["value"]) == ("ada", 'says "hello"', True, mine)
    assert (bob["name"], bob["enabled"]) == ("bob", False)

    def call(value):
        return web.get(url(), headers={"x-api-key": value}).status_code

    assert call(mine) == 200 and call("imported-key-of-bob-0001") == 403
    # The same value is the same key: it keeps its id and its plans, and the newest row counts.
    again = apigateway.import_api_keys(format="csv", body=file_of([f"x,{mine},,true,", f"y,{mine},,false,{plan}"]))
    assert again["ids"] == [ada["id"]] and again["warnings"] == []
    assert call(mine) == 403
    assert apigateway.get_api_key(apiKey=ada["id"])["name"] == "y"
    apigateway.import_api_keys(format="csv", body=file_of([f"y,{mine}"], header="NAME,Key"))
    assert call(mine) == 200


def test_a_bad_row_is_a_warning_and_with_fail_on_warnings_nothing_is_imported(server, apigateway):
    url, headers, (plan, _) = keyed_api(server, 100)
    other = apigateway.create_usage_plan(
        name="rival", apiStages=apigateway.get_usage_plan(usagePlanId=plan)["apiStages"]
    )["id"]
    rows = [
        "good,a-good-value-of-a-key-01,,true,",
        "short,short,,true,",
        "flag,another-value-of-a-key-01,,maybe,",
        f"plans,the-third-value-of-a-key1,,true,nowhere",
        f'both,the-fourth-value-of-a-key,,true,"{plan},{other}"',
    ]
    with pytest.raises(apigateway.exceptions.BadRequestException) as refused:
        apigateway.import_api_keys(format="csv", failOnWarnings=True, body=file_of(rows))
    assert "a-good-value" not in str(refused.value) and "line 3" in str(refused.value)
    assert not apigateway.get_api_keys(nameQuery="good")["items"]
    done = apigateway.import_api_keys(format="csv", body=file_of(rows))
    assert len(done["ids"]) == 3
    warnings = "\n".join(sorted(done["warnings"]))
    for line, cause in [(3, "at least 20"), (4, "`Enabled`"), (5, "no usage plan `nowhere`"), (6, "two usage plans")]:
        assert f"line {line}: " in warnings and cause in warnings, warnings
    for body in (b"", b"Name,Value\n", b"Name,Key\n\"open", b"\xff\xfe"):
        with pytest.raises(apigateway.exceptions.BadRequestException):
            apigateway.import_api_keys(format="csv", body=body)


def pages_of(operation, **asked):
    position, pages = {}, []
    while True:
        page = operation(**asked, **position)
        pages.append([item["id"] for item in page["items"]])
        if "position" not in page:
            return pages
        position = {"position": page["position"]}


def test_keys_are_listed_in_the_order_in_which_they_were_made(server, apigateway):
    _, _, (plan, _) = keyed_api(server, 100)
    rows = [f"{'even' if n % 2 == 0 else 'odd'}-listed,listed-value-of-a-key-{n:04},,true,{plan}" for n in range(1_300)]
    made = []
    for first in (0, 650):
        made += apigateway.import_api_keys(format="csv", body=file_of(rows[first : first + 650]))["ids"]
    made.append(apigateway.create_api_key(name="even-listed-last", enabled=True)["id"])
    apigateway.create_usage_plan_key(usagePlanId=plan, keyId=made[-1], keyType="API_KEY")
    assert all(re.fullmatch("[a-z0-9]{10}", id) for id in made)
    assert made == sorted(set(made))
    even = [id for n, id in enumerate(made) if n % 2 == 0]

    found = pages_of(apigateway.get_api_keys, nameQuery="even-listed", limit=100)
    assert [len(page) for page in found] == [100] * 6 + [51] and sum(found, []) == even
    # A page that ends with the last key is the last page.
    assert [len(page) for page in pages_of(apigateway.get_api_keys, nameQuery="odd-listed", limit=325)] == [325, 325]
    in_plan = sum(pages_of(apigateway.get_usage_plan_keys, usagePlanId=plan, nameQuery="even-listed", limit=500), [])
    assert in_plan == even
    in_plan = sum(pages_of(apigateway.get_usage_plan_keys, usagePlanId=plan, limit=500), [])
    assert [id for id in in_plan if id in set(made)] == made
    everything = sum(pages_of(apigateway.get_api_keys, limit=500), [])
    assert [id for id in everything if id in set(made)] == made and len(everything) == len(set(everything))


def test_who_may_import_keys_but_not_put_them_into_a_plan_cannot_do_so_by_a_file(server, apigateway):
    _, _, (plan, _) = keyed_api(server, 100)
    iam = server.client("iam")
    iam.create_user(UserName="importer")
    allow = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"apigateway:POST","Resource":"arn:aws:apigateway:*::/apikeys"}]}'
    iam.put_user_policy(UserName="importer", PolicyName="keys", PolicyDocument=allow)
    key = iam.create_access_key(UserName="importer")["AccessKey"]
    importer = server.client("apigateway", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    importer.import_api_keys(format="csv", body=file_of(["free,the-fifth-value-of-a-key-1,,true,"]))
    with pytest.raises(importer.exceptions.ClientError) as refused:
        importer.import_api_keys(format="csv", body=file_of([f"sly,the-sixth-value-of-a-key-1,,true,{plan}"]))
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert not apigateway.get_api_keys(nameQuery="sly")["items"]


def test_importing_costs_each_key_the_same_however_many_there_are(own_server):
    server = own_server()
    apigateway = server.client("apigateway")
    _, _, (plan, _) = keyed_api(server, 1_000_000)
    times = []
    for part in range(5):
        rows = [f"k{part}-{n},value-of-key-{part}-{n:010},,true,{plan}" for n in range(4_000)]
        begun = time.monotonic()
        assert len(apigateway.import_api_keys(format="csv", body=file_of(rows))["ids"]) == 4_000
        times.append(time.monotonic() - begun)
    # A cost that grew with the number of keys would be five times as high by now.
    assert times[-1] < 3 * times[0] + 1, times
    first = apigateway.get_usage_plan_keys(usagePlanId=plan, limit=500)
    assert len(first["items"]) == 500 and first["position"]


def test_an_account_shows_its_throttle_and_keeps_a_role(server, apigateway):
    account = apigateway.get_account()
    assert account["throttleSettings"] == {"burstLimit": 5000, "rateLimit": 10000.0}
    assert account["features"] == ["UsagePlans"] and "cloudwatchRoleArn" not in account
    role = server.client("iam").create_role(
        RoleName="logs",
        AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"sts:AssumeRole"}]}',
    )["Role"]["Arn"]
    set_role = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
    assert apigateway.update_account(patchOperations=set_role)["cloudwatchRoleArn"] == role
    assert apigateway.get_account()["cloudwatchRoleArn"] == role
    for wrong in (
        {"op": "replace", "path": "/cloudwatchRoleArn", "value": role + "-of-nobody"},
        {"op": "replace", "path": "/throttleSettings/rateLimit", "value": "1"},
    ):
        with pytest.raises(apigateway.exceptions.BadRequestException):
            apigateway.update_account(patchOperations=[wrong])
    apigateway.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}])
    assert "cloudwatchRoleArn" not in apigateway.get_account()


def test_an_account_and_keys_in_a_stack(server, apigateway):
    template = """
Resources:
  Logs:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: {Service: apigateway.amazonaws.com}, Action: 'sts:AssumeRole'}]
  Account:
    Type: AWS::ApiGateway::Account
    Properties: {CloudWatchRoleArn: !GetAtt Logs.Arn}
  Key:
    Type: AWS::ApiGateway::ApiKey
    Properties: {Enabled: true, Name: stacked}
  Plan:
    Type: AWS::ApiGateway::UsagePlan
    Properties: {UsagePlanName: stacked, Quota: {Limit: 5, Period: WEEK, Offset: 1}, Throttle: {BurstLimit: 1, RateLimit: 0.5}}
  Pair:
    Type: AWS::ApiGateway::UsagePlanKey
    Properties: {KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Plan}
Outputs:
  Role: {Value: !GetAtt Logs.Arn}
  Plan: {Value: !Ref Plan}
  Key: {Value: !Ref Key}
"""
    cloudformation = server.client("cloudformation")
    cloudformation.create_stack(StackName="account", TemplateBody=template, Capabilities=["CAPABILITY_IAM"])
    cloudformation.get_waiter("stack_create_complete").wait(StackName="account", WaiterConfig={"Delay": 1})
    outputs = cloudformation.describe_stacks(StackName="account")["Stacks"][0]["Outputs"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in outputs}
    assert apigateway.get_account()["cloudwatchRoleArn"] == outputs["Role"]
    assert apigateway.get_usage_plan_key(usagePlanId=outputs["Plan"], keyId=outputs["Key"])["name"] == "stacked"
    cloudformation.delete_stack(StackName="account")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="account", WaiterConfig={"Delay": 1})
    # As on AWS, the account keeps what a stack has set.
    assert apigateway.get_account()["cloudwatchRoleArn"] == outputs["Role"]
    with pytest.raises(apigateway.exceptions.NotFoundException):
        apigateway.get_usage_plan(usagePlanId=outputs["Plan"])
