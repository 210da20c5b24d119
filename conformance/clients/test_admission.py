"""Who may call the control plane: unsigned, wrongly signed, unknown and not permitted callers get AWS's error names."""

import datetime
import json

import botocore
import botocore.auth
import botocore.compat
import botocore.exceptions
import pytest


def refusal(call, **input):
    """Returns the error's code and HTTP status."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**input)
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


CALLS = [
    ("cognito-idp", "list_user_pools", {"MaxResults": 1}),
    ("apigateway", "get_rest_apis", {}),
    ("cloudformation", "list_stacks", {}),
    ("iam", "list_users", {}),
    ("secretsmanager", "list_secrets", {}),
    ("sts", "get_caller_identity", {}),
]
QUERY = {"cloudformation", "iam", "sts"}


@pytest.mark.parametrize("service,operation,input", CALLS)
def test_unsigned_call_is_refused(server, service, operation, input):
    client = server.client(service, config={"signature_version": botocore.UNSIGNED})
    code, _ = refusal(getattr(client, operation), **input)
    assert code == ("MissingAuthenticationToken" if service in QUERY else "MissingAuthenticationTokenException")
    assert "REFUSE" in server.explain()


@pytest.mark.parametrize("service,operation,input", CALLS)
def test_wrongly_signed_call_is_refused(server, service, operation, input):
    client = server.client(service, secret="not-the-secret")
    code, status = refusal(getattr(client, operation), **input)
    assert code == ("SignatureDoesNotMatch" if service in QUERY else "InvalidSignatureException")
    said = server.explain()
    assert "REFUSE" in said and "signature" in said, said


@pytest.mark.parametrize("service,operation,input", CALLS)
def test_unknown_key_is_refused(server, service, operation, input):
    client = server.client(service, key="AKIAUNKNOWNUNKNOWN00")
    code, status = refusal(getattr(client, operation), **input)
    assert code == ("InvalidClientTokenId" if service in QUERY else "UnrecognizedClientException")


def test_signature_of_another_region_is_refused(server):
    client = server.client("cognito-idp")
    client._request_signer._region_name = "eu-north-1"
    code, _ = refusal(client.list_user_pools, MaxResults=1)
    assert code in ("InvalidSignatureException", "SignatureDoesNotMatch")


def test_key_without_permission_is_refused_until_a_policy_allows_it(server):
    iam = server.client("iam")
    iam.create_user(UserName="restricted")
    key = iam.create_access_key(UserName="restricted")["AccessKey"]
    own = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    cognito = server.client("cognito-idp", **own)
    assert refusal(cognito.list_user_pools, MaxResults=1)[0] == "AccessDeniedException"
    said = server.explain()
    assert "REFUSE" in said and "no statement allows it" in said, said
    assert server.client("sts", **own).get_caller_identity()["Arn"].endswith(":user/restricted")

    def put(effect, action):
        statement = {"Effect": effect, "Action": action, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="restricted", PolicyName=effect, PolicyDocument=document)

    put("Allow", "cognito-idp:List*")
    cognito.list_user_pools(MaxResults=1)
    assert refusal(cognito.create_user_pool, PoolName="no")[0] == "AccessDeniedException"
    put("Deny", "cognito-idp:ListUserPools")
    assert refusal(cognito.list_user_pools, MaxResults=1)[0] == "AccessDeniedException"
    assert "denies it" in server.explain()
    iam.delete_user_policy(UserName="restricted", PolicyName="Deny")
    cognito.list_user_pools(MaxResults=1)
    iam.update_access_key(UserName="restricted", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert refusal(cognito.list_user_pools, MaxResults=1)[0] == "UnrecognizedClientException"
    iam.delete_access_key(UserName="restricted", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="restricted", PolicyName="Allow")
    iam.delete_user(UserName="restricted")


@pytest.mark.parametrize(
    "service,operation,input,codes",
    [
        ("cognito-idp", "list_devices", {"AccessToken": "a"}, {"UnknownOperationException"}),
        ("iam", "list_mfa_devices", {}, {"InvalidAction"}),
        ("cloudformation", "describe_account_limits", {}, {"InvalidAction"}),
        ("apigateway", "get_sdk_types", {}, {"UnknownOperationException", "MissingAuthenticationTokenException"}),
    ],
)
def test_operation_that_is_not_there_is_unknown(server, service, operation, input, codes):
    assert refusal(getattr(server.client(service), operation), **input)[0] in codes


def test_signature_is_checked_before_the_operation_is_looked_up(server):
    client = server.client("iam", secret="not-the-secret")
    assert refusal(client.list_groups)[0] == "SignatureDoesNotMatch"


def test_secret_key_is_not_in_the_log(server):
    assert server.credentials["secret_access_key"] not in server.log.read_text()


def test_presigned_url_is_admitted_until_it_is_changed(server, web):
    url = server.client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    answer = web.get(url)
    assert answer.status_code == 200 and server.endpoints["account"] in answer.text
    answer = web.get(url.replace("X-Amz-Expires=60", "X-Amz-Expires=61"))
    assert answer.status_code == 403 and "SignatureDoesNotMatch" in answer.text


@pytest.mark.parametrize("minutes,admitted", [(4, True), (-4, True), (10, False), (-10, False)])
def test_signature_may_be_five_minutes_off(server, monkeypatch, minutes, admitted):
    now = botocore.compat.get_current_datetime()
    shifted = now + datetime.timedelta(minutes=minutes)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: shifted)
    client = server.client("sts")
    if admitted:
        client.get_caller_identity()
    else:
        assert refusal(client.get_caller_identity)[0] in ("SignatureDoesNotMatch", "RequestExpired")
        assert "REFUSE" in server.explain()


def test_session_token_that_nobody_issued_is_refused(server):
    code, _ = refusal(server.client("sts", aws_session_token="made-up").get_caller_identity)
    assert code == "InvalidClientTokenId"


def test_browser_may_sign_in_from_any_page(server, web, guarded):
    headers = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-amz-target,x-amz-user-agent",
    }
    answer = web.options(server.endpoints["admin"] + "/", headers=headers)
    assert answer.ok and answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "x-amz-target" in answer.headers["Access-Control-Allow-Headers"].lower()
