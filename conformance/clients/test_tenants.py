"""Tenants apart: what is A's opens nothing of B's, on the API and on the admin side. The template is an example that users run."""

import base64
import datetime
import json

import botocore.exceptions
import pytest

from portcullis import REPOSITORY, Portcullis

TEMPLATE = REPOSITORY / "examples" / "tenants" / "template.yaml"


@pytest.fixture(scope="module")
def tenants(tmp_path_factory):
    running = Portcullis(tmp_path_factory.mktemp("tenants") / "data", TEMPLATE, "--stack", "tenants")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def outputs(tenants):
    return tenants.endpoints["stacks"]["tenants"]["outputs"]


@pytest.fixture(scope="module")
def secrets(tenants, outputs):
    """The secrets of both tenants: of the app client, and the key's value."""
    cognito, apigateway = tenants.client("cognito-idp"), tenants.client("apigateway")

    def of(name):
        client = outputs[f"ClientOf{name}"]
        described = cognito.describe_user_pool_client(UserPoolId=outputs["PoolId"], ClientId=client)
        key = apigateway.get_api_key(apiKey=outputs[f"KeyOf{name}"], includeValue=True)["value"]
        return {"client": client, "secret": described["UserPoolClient"]["ClientSecret"], "key": key}

    return {"A": of("A"), "B": of("B")}


@pytest.fixture
def ask_for_token(tenants, secrets, web):
    def ask(client, scope, secret_of=None):
        credential = f"{secrets[client]['client']}:{secrets[secret_of or client]['secret']}"
        answer = web.post(
            f"{tenants.endpoints['public']['http']}/_aws/auth/tenants/oauth2/token",
            headers={"authorization": "Basic " + base64.b64encode(credential.encode()).decode()},
            data={"grant_type": "client_credentials", **({"scope": scope} if scope else {})},
        )
        return answer.status_code, answer.json()

    return ask


@pytest.fixture
def token(ask_for_token):
    def token(client):
        status, answer = ask_for_token(client, f"tenant-{client.lower()}/orders")
        assert status == 200, answer
        return answer["access_token"]

    return token


@pytest.fixture
def call(tenants, outputs, secrets, token, web):
    """Calls the API of one tenant with the token of one and the key of one."""

    def call(api, token_of, key_of):
        headers = {"authorization": token(token_of)} if token_of else {}
        headers |= {"x-api-key": secrets[key_of]["key"]} if key_of else {}
        answer = web.get(tenants.api(outputs[f"ApiOf{api}"], "v1", "/"), headers=headers)
        return answer.status_code, answer.text

    return call


def remaining(apigateway, outputs, name):
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    plan, key = outputs[f"PlanOf{name}"], outputs[f"KeyOf{name}"]
    return apigateway.get_usage(usagePlanId=plan, startDate=today, endDate=today)["items"][key][-1][1]


def test_no_mixture_of_tenants_reaches_data_or_quota_of_another(tenants, outputs, call):
    apigateway = tenants.client("apigateway")
    assert call("A", "A", "A") == (200, '{"orders of": "A"}')
    assert call("B", "B", "B") == (200, '{"orders of": "B"}')
    for api in "AB":
        for token_of in ("A", "B", None):
            for key_of in ("A", "B", None):
                if (api, token_of, key_of) in {("A", "A", "A"), ("B", "B", "B")}:
                    continue
                status, body = call(api, token_of, key_of)
                # The token is judged before the key is asked for.
                assert status == (403 if token_of == api else 401), (api, token_of, key_of, body)
                assert "orders of" not in body
    # None of that used up anything.
    assert [remaining(apigateway, outputs, name) for name in "AB"] == [4, 4]


def test_a_tenant_that_used_up_its_quota_leaves_the_others(tenants, outputs, call):
    apigateway = tenants.client("apigateway")
    left = remaining(apigateway, outputs, "A"), remaining(apigateway, outputs, "B")
    assert [call("A", "A", "A")[0] for _ in range(left[0] + 1)] == [200] * left[0] + [429]
    assert call("B", "B", "B")[0] == 200
    assert remaining(apigateway, outputs, "B") == left[1] - 1


def test_a_tenants_client_gets_no_scope_of_another_and_no_token_with_anothers_secret(ask_for_token):
    assert ask_for_token("A", "tenant-b/orders")[0] == 400
    assert ask_for_token("A", "tenant-a/orders tenant-b/orders")[0] == 400
    status, answer = ask_for_token("A", None)
    assert status == 200
    claims = answer["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert claims["scope"] == "tenant-a/orders"
    assert ask_for_token("A", "tenant-a/orders", secret_of="B") == (400, {"error": "invalid_client"})


def test_a_tenants_administrator_reaches_his_own_plan_and_key_alone(tenants, outputs):
    """IAM: a policy that names resources, and one that holds by a condition."""
    iam, region = tenants.client("iam"), tenants.endpoints["region"]

    def arn(path):
        return f"arn:aws:apigateway:{region}::{path}"

    own = [
        arn(f"/usageplans/{outputs['PlanOfA']}"),
        arn(f"/usageplans/{outputs['PlanOfA']}/*"),
        arn(f"/apikeys/{outputs['KeyOfA']}"),
        arn(f"/restapis/{outputs['ApiOfA']}/*"),
    ]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "apigateway:*",
                "Resource": own,
                "Condition": {"StringEquals": {"aws:username": "admin-a"}, "IpAddress": {"aws:SourceIp": "127.0.0.0/8"}},
            }
        ],
    }

    def administrator(name):
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return tenants.client("apigateway", key=key["AccessKeyId"], secret=key["SecretAccessKey"])

    admin = administrator("admin-a")
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()

    def of(client, name):
        plan, key, api = (outputs[f"{what}Of{name}"] for what in ("Plan", "Key", "Api"))
        remaining = [{"op": "replace", "path": "/remaining", "value": "5"}]
        disable = [{"op": "replace", "path": "/enabled", "value": "true"}]
        return [
            lambda: client.get_usage_plan(usagePlanId=plan),
            lambda: client.get_usage(usagePlanId=plan, startDate=today, endDate=today),
            lambda: client.update_usage(usagePlanId=plan, keyId=key, patchOperations=remaining),
            lambda: client.get_usage_plan_keys(usagePlanId=plan),
            lambda: client.get_api_key(apiKey=key, includeValue=True),
            lambda: client.update_api_key(apiKey=key, patchOperations=disable),
            lambda: client.get_stages(restApiId=api),
        ]

    for ask in of(admin, "A"):
        ask()

    def refused(ask):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            ask()
        assert error.value.response["Error"]["Code"] == "AccessDeniedException"

    for ask in of(admin, "B"):
        refused(ask)
    # Nor all keys at once, nor his plan opened to B's API by B's own path, nor a key of B's put into B's plan.
    refused(lambda: admin.get_api_keys(includeValues=True))
    refused(lambda: admin.create_usage_plan_key(usagePlanId=outputs["PlanOfB"], keyId=outputs["KeyOfA"], keyType="API_KEY"))
    refused(lambda: admin.import_api_keys(format="csv", body=b"Name,Key\nx,a-value-of-twenty-characters"))
    # The same policy in another user's hands: its condition does not hold.
    for ask in of(administrator("somebody-else"), "A"):
        refused(ask)
