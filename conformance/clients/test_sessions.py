"""Temporary credentials: AssumeRole and GetSessionToken, used on the admin side and to call an API."""

import json

import pytest
import requests
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from test_iam_authorization import TEMPLATE


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*"):
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def trust(principal, **more):
    return policy({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole", **more})


def client(server, service, credentials):
    return server.client(
        service,
        key=credentials["AccessKeyId"],
        secret=credentials["SecretAccessKey"],
        aws_session_token=credentials.get("SessionToken"),
    )


@pytest.fixture
def dev(server):
    """A user who may take on any role, and his key."""
    iam = server.client("iam")
    iam.create_user(UserName="session-dev")
    iam.put_user_policy(UserName="session-dev", PolicyName="p", PolicyDocument=policy(allow("sts:AssumeRole")))
    key = iam.create_access_key(UserName="session-dev")["AccessKey"]
    yield key
    iam.delete_access_key(UserName="session-dev", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="session-dev", PolicyName="p")
    iam.delete_user(UserName="session-dev")


@pytest.fixture
def role(server):
    """A role that trusts its account, and may list users and call every API."""
    iam = server.client("iam")
    made = iam.create_role(RoleName="session-role", AssumeRolePolicyDocument=trust(server.endpoints["account"]))
    iam.put_role_policy(
        RoleName="session-role",
        PolicyName="p",
        PolicyDocument=policy(allow(["iam:ListUsers", "execute-api:Invoke"])),
    )
    yield made["Role"]["Arn"]
    try:
        iam.delete_role_policy(RoleName="session-role", PolicyName="p")
        iam.delete_role(RoleName="session-role")
    except iam.exceptions.NoSuchEntityException:
        pass


def code(call):
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"]


def test_role_is_taken_on_and_acts_within_its_policies(server, dev, role):
    sts = client(server, "sts", dev)
    taken = sts.assume_role(RoleArn=role, RoleSessionName="one", DurationSeconds=900)
    account = server.endpoints["account"]
    assert taken["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account}:assumed-role/session-role/one"
    credentials = taken["Credentials"]
    assert credentials["AccessKeyId"].startswith("ASIA") and len(credentials["SessionToken"]) < 2000
    who = client(server, "sts", credentials).get_caller_identity()
    assert who["Arn"] == taken["AssumedRoleUser"]["Arn"] and who["UserId"] == taken["AssumedRoleUser"]["AssumedRoleId"]
    iam = client(server, "iam", credentials)
    assert iam.list_users()["Users"]
    assert code(iam.list_roles) == "AccessDenied"
    limited = sts.assume_role(RoleArn=role, RoleSessionName="two", Policy=policy(allow("iam:ListRoles")))
    iam = client(server, "iam", limited["Credentials"])
    assert code(iam.list_users) == "AccessDenied" and code(iam.list_roles) == "AccessDenied"


def test_only_whom_the_role_trusts_takes_it_on(server, dev, role):
    iam, sts = server.client("iam"), client(server, "sts", dev)
    take = lambda **more: sts.assume_role(RoleArn=role, RoleSessionName="one", **more)
    with_id = trust(
        server.endpoints["account"], Condition={"StringEquals": {"sts:ExternalId": "the-customers-id"}}
    )
    iam.update_assume_role_policy(RoleName="session-role", PolicyDocument=with_id)
    assert code(take) == "AccessDenied"
    assert code(lambda: take(ExternalId="wrong")) == "AccessDenied"
    assert take(ExternalId="the-customers-id")["Credentials"]
    assert code(lambda: take(ExternalId="the-customers-id", DurationSeconds=3601)) == "ValidationError"
    iam.update_assume_role_policy(RoleName="session-role", PolicyDocument=trust("111122223333"))
    assert code(take) == "AccessDenied"
    assert code(lambda: sts.assume_role(RoleArn=role + "x", RoleSessionName="one")) == "AccessDenied"
    # The account's own key takes no role on, as on AWS.
    assert code(lambda: server.client("sts").assume_role(RoleArn=role, RoleSessionName="one")) == "AccessDenied"


def test_session_ends_with_its_role(server, dev, role):
    taken = client(server, "sts", dev).assume_role(RoleArn=role, RoleSessionName="one")["Credentials"]
    sts = client(server, "sts", taken)
    assert sts.get_caller_identity()
    forged = dict(taken, SessionToken=taken["SessionToken"][:-2] + "AA")
    assert code(client(server, "sts", forged).get_caller_identity) == "InvalidClientTokenId"
    bare = {name: taken[name] for name in ("AccessKeyId", "SecretAccessKey")}
    assert code(client(server, "sts", bare).get_caller_identity) == "InvalidClientTokenId"
    iam = server.client("iam")
    iam.delete_role_policy(RoleName="session-role", PolicyName="p")
    iam.delete_role(RoleName="session-role")
    assert code(sts.get_caller_identity) == "InvalidClientTokenId"


def test_session_of_a_user(server, dev):
    iam = server.client("iam")
    iam.put_user_policy(UserName="session-dev", PolicyName="p", PolicyDocument=policy(allow("*")))
    credentials = client(server, "sts", dev).get_session_token(DurationSeconds=900)["Credentials"]
    sts = client(server, "sts", credentials)
    assert sts.get_caller_identity()["Arn"].endswith(":user/session-dev")
    assert client(server, "secretsmanager", credentials).list_secrets()["SecretList"] is not None
    assert code(client(server, "iam", credentials).list_users) == "AccessDenied"
    assert code(sts.get_session_token) == "AccessDenied"


def test_session_signs_calls_of_an_api(server, dev, role, web):
    cloudformation = server.client("cloudformation")
    cloudformation.create_stack(StackName="session-api", TemplateBody=TEMPLATE)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="session-api", WaiterConfig={"Delay": 1})
    outputs = cloudformation.describe_stacks(StackName="session-api")["Stacks"][0]["Outputs"]
    api, region = outputs[0]["OutputValue"], server.endpoints["region"]
    url = f"{server.endpoints['public']['http']}/_aws/execute-api/{api}/test/x"
    iam = server.client("iam")

    def call(credentials, auth=SigV4Auth, method="GET", body=b""):
        credentials = Credentials(
            credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials.get("SessionToken")
        )
        request = AWSRequest(method=method, url=url, data=body)
        auth(credentials, "execute-api", region).add_auth(request)
        prepared = request.prepare()
        return web.send(
            requests.Request(method, prepared.url, headers=dict(prepared.headers), data=body).prepare()
        )

    taken = client(server, "sts", dev).assume_role(RoleArn=role, RoleSessionName="one")
    credentials, arn = taken["Credentials"], taken["AssumedRoleUser"]["Arn"]
    for auth in (SigV4Auth, SigV4QueryAuth):
        answer = call(credentials, auth)
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"arn": arn, "key": credentials["AccessKeyId"]}
    assert call(credentials, method="POST", body=b'{"a":1}').status_code == 200
    # Without the token, with another's, without the role's permission, without the role.
    other = client(server, "sts", dev).assume_role(RoleArn=role, RoleSessionName="two")["Credentials"]
    for token in (None, other["SessionToken"], "nonsense"):
        answer = call(dict(credentials, SessionToken=token))
        assert answer.status_code == 403, answer.text
        assert answer.headers["x-amzn-errortype"] == "UnrecognizedClientException"
    iam.put_role_policy(RoleName="session-role", PolicyName="p", PolicyDocument=policy(allow("iam:ListUsers")))
    answer = call(credentials)
    assert answer.status_code == 403 and "is not authorized to perform: execute-api:Invoke" in answer.text
    iam.attach_role_policy(
        RoleName="session-role", PolicyArn="arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess"
    )
    assert call(credentials).status_code == 200
    iam.detach_role_policy(
        RoleName="session-role", PolicyArn="arn:aws:iam::aws:policy/AmazonAPIGatewayInvokeFullAccess"
    )
    iam.delete_role_policy(RoleName="session-role", PolicyName="p")
    iam.delete_role(RoleName="session-role")
    assert call(credentials).status_code == 403
    cloudformation.delete_stack(StackName="session-api")
