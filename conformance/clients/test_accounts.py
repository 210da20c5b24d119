"""Two accounts on one server: the wall between them, and what both sides must say to let one through it."""

import json
import subprocess

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from authorities import Authority
from portcullis import BINARY
from test_iam_authorization import TEMPLATE

HOME, OTHER = "000000000000", "444455556666"

CONFIG = """
data = "{data}"
root_key = "{data}/root.key"
account = "000000000000"
region = "us-east-1"
domain = "portcullis.localhost"
issuer = "https://cognito-idp.us-east-1.portcullis.localhost"
[listeners]
public = "127.0.0.1:0"
admin = "127.0.0.1:0"
[[certificates]]
hosts = ["*.execute-api.us-east-1.portcullis.localhost"]
chain = "{chain}"
key = "{key}"
"""


def create_credentials(folder, data, account):
    chain, key = Authority("accounts", folder).server("*.execute-api.us-east-1.portcullis.localhost").files
    config = folder / "serve.toml"
    config.write_text(CONFIG.format(data=data, chain=chain, key=key))
    command = [BINARY, "credentials", "create", "--config", config, "--account", account]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def accounts(tmp_path_factory):
    """A server with two accounts: it, and clients of the second account's own key."""
    from portcullis import Portcullis

    folder = tmp_path_factory.mktemp("accounts")
    running = Portcullis(folder / "data")
    running.stop()
    made = create_credentials(folder, running.data, OTHER)
    assert made.returncode == 0, made.stderr
    assert create_credentials(folder, running.data, OTHER).returncode != 0, "each account has one first key"
    assert "twelve digits" in create_credentials(folder, running.data, "4444").stderr
    key = json.loads(made.stdout)
    running.start()
    other = lambda service, **more: running.client(
        service, **({"key": key["access_key_id"], "secret": key["secret_access_key"]} | more)
    )
    yield running, other
    running.stop()


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(effect, action, resource="*", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def code(call, **arguments):
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return refused.value.response["Error"]["Code"]


def test_neither_account_sees_what_the_other_has(accounts):
    home, other = accounts
    assert other("sts").get_caller_identity()["Account"] == OTHER
    secret = home.client("secretsmanager").create_secret(Name="walled", SecretString="home")
    home.client("iam").create_user(UserName="walled")
    home.client("cognito-idp").create_user_pool(PoolName="walled")
    assert other("iam").list_users()["Users"] == [] and other("secretsmanager").list_secrets()["SecretList"] == []
    assert other("cognito-idp").list_user_pools(MaxResults=10)["UserPools"] == []
    for name in ("walled", secret["ARN"]):
        assert code(other("secretsmanager").get_secret_value, SecretId=name) in (
            "ResourceNotFoundException",
            "AccessDeniedException",
        )
    # The same names may be given again, and are other things.
    other("secretsmanager").create_secret(Name="walled", SecretString="other")
    other("iam").create_user(UserName="walled")
    for client, value in ((home.client, "home"), (other, "other")):
        assert client("secretsmanager").get_secret_value(SecretId="walled")["SecretString"] == value
        assert len(client("iam").list_users()["Users"]) == 1
    arn = f"arn:aws:iam::{HOME}:policy/none"
    assert code(other("iam").attach_user_policy, UserName="walled", PolicyArn=arn) == "NoSuchEntity"


@pytest.fixture(scope="module")
def caller(accounts):
    """A user of the second account, and what he may there."""
    _, other = accounts
    iam = other("iam")
    iam.create_user(UserName="caller")
    key = iam.create_access_key(UserName="caller")["AccessKey"]

    def may(*statements):
        iam.put_user_policy(UserName="caller", PolicyName="p", PolicyDocument=document(*statements))

    return key, may


def test_role_of_the_other_account_needs_both_sides(accounts, caller):
    home, other = accounts
    key, may = caller
    iam = home.client("iam")
    trust = lambda principal: document(
        {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    )
    role = iam.create_role(RoleName="visited", AssumeRolePolicyDocument=trust(HOME))["Role"]["Arn"]
    iam.put_role_policy(
        RoleName="visited", PolicyName="p", PolicyDocument=document(statement("Allow", "iam:ListUsers"))
    )
    sts = other("sts", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    rows = [
        (HOME, ("Allow",), False),
        (OTHER, (), False),
        (OTHER, ("Allow",), True),
        (OTHER, ("Allow", "Deny"), False),
        (f"arn:aws:iam::{OTHER}:user/caller", (), False),
        (f"arn:aws:iam::{OTHER}:user/caller", ("Allow",), True),
    ]
    for principal, effects, expected in rows:
        iam.update_assume_role_policy(RoleName="visited", PolicyDocument=trust(principal))
        may(*(statement(effect, "sts:AssumeRole", role) for effect in effects))
        take = lambda: sts.assume_role(RoleArn=role, RoleSessionName="guest")
        if not expected:
            assert code(take) == "AccessDenied", (principal, effects)
            continue
        taken = take()["Credentials"]
        guest = lambda service: home.client(
            service,
            key=taken["AccessKeyId"],
            secret=taken["SecretAccessKey"],
            aws_session_token=taken["SessionToken"],
        )
        assert guest("sts").get_caller_identity()["Account"] == HOME
        assert "visited" not in [user["UserName"] for user in guest("iam").list_users()["Users"]]
        assert code(guest("iam").list_roles) == "AccessDenied"


class VisitedApi:
    """An API of the first account, its policy, and calls of it."""

    def __init__(self, server, web, name):
        self.server, self.web = server, web
        self.gateway = server.client("apigateway")
        cloudformation = server.client("cloudformation")
        cloudformation.create_stack(StackName=name, TemplateBody=TEMPLATE)
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        outputs = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
        self.api = outputs[0]["OutputValue"]
        self.arn = f"arn:aws:execute-api:us-east-1:{HOME}:{self.api}/test/*"

    def call(self, key):
        url = f"{self.server.endpoints['public']['http']}/_aws/execute-api/{self.api}/test/x"
        request = AWSRequest(method="GET", url=url)
        credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
        SigV4Auth(credentials, "execute-api", "us-east-1").add_auth(request)
        headers = dict(request.prepare().headers)
        return self.web.send(requests.Request("GET", url, headers=headers).prepare())

    def says(self, principal, *effects, deploy=True):
        """Gives it a policy with these effects; without any it has none."""
        shorthand = "execute-api:/test/*"
        statements = [
            {"Effect": effect, "Principal": {"AWS": principal}, "Action": "execute-api:Invoke", "Resource": shorthand}
            for effect in effects
        ]
        patch = {"op": "replace", "path": "/policy", "value": document(*statements) if statements else ""}
        self.gateway.update_rest_api(restApiId=self.api, patchOperations=[patch])
        if deploy:
            self.gateway.create_deployment(restApiId=self.api, stageName="test")


def test_api_of_the_other_account_needs_both_sides(accounts, caller, web):
    """AWS's table for callers of another account, a row each."""
    key, may = caller
    api = VisitedApi(accounts[0], web, "visited")
    rows = [
        # the API's policy, the caller's, whether he comes in
        (("Allow",), ("Allow",), True),
        (("Allow",), (), False),
        (("Allow",), ("Deny",), False),
        ((), ("Allow",), False),
        ((), (), False),
        ((), ("Deny",), False),
        (("Deny",), ("Allow",), False),
        (("Deny",), (), False),
        (("Deny",), ("Deny",), False),
    ]
    for policy, own, expected in rows:
        api.says(OTHER, *policy)
        may(*(statement(effect, "execute-api:Invoke", api.arn) for effect in own))
        answer = api.call(key)
        assert answer.status_code == (200 if expected else 403), (policy, own, answer.text)
        if expected:
            assert answer.json()["arn"] == f"arn:aws:iam::{OTHER}:user/caller"
    # A change of the policy counts with the next deployment, not before.
    api.says(OTHER, "Allow")
    may(statement("Allow", "execute-api:Invoke", api.arn))
    assert api.call(key).status_code == 200
    api.says(OTHER, deploy=False)
    assert api.call(key).status_code == 200
    api.says(OTHER)
    assert api.call(key).status_code == 403


def test_api_of_the_own_account_needs_one_side(accounts, web):
    """AWS's table for callers of the API's account, a row each. A policy that names the account and not the user leaves it to the
    user's policies: AWS says so of principals, and not of this table; the stricter reading is ours."""
    home, _ = accounts
    iam = home.client("iam")
    iam.create_user(UserName="own")
    key = iam.create_access_key(UserName="own")["AccessKey"]
    api = VisitedApi(home, web, "own")
    user = f"arn:aws:iam::{HOME}:user/own"
    rows = [
        (user, ("Allow",), ("Allow",), True),
        (user, ("Allow",), (), True),
        (user, ("Allow",), ("Deny",), False),
        (user, (), ("Allow",), True),
        (user, (), (), False),
        (user, (), ("Deny",), False),
        (user, ("Deny",), ("Allow",), False),
        (user, ("Deny",), (), False),
        (user, ("Deny",), ("Deny",), False),
        ("*", ("Allow",), (), True),
        (HOME, ("Allow",), (), False),
        (HOME, ("Allow",), ("Allow",), True),
    ]
    for principal, policy, own, expected in rows:
        api.says(principal, *policy)
        statements = [statement(effect, "execute-api:Invoke", api.arn) for effect in own]
        iam.put_user_policy(UserName="own", PolicyName="p", PolicyDocument=document(*statements))
        answer = api.call(key)
        assert answer.status_code == (200 if expected else 403), (principal, policy, own, answer.text)
