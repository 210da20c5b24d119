"""Every operation of iam and sts once."""

import json

import pytest

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def test_caller_is_the_account(server):
    identity = server.client("sts").get_caller_identity()
    assert identity["Account"] == server.endpoints["account"]
    assert identity["Arn"] == f"arn:aws:iam::{identity['Account']}:root"


def test_users_keys_and_policies_come_and_go(server):
    iam = server.client("iam")
    user = iam.create_user(UserName="everything")["User"]
    assert user["Arn"].endswith(":user/everything") and user["Path"] == "/"
    assert iam.get_user(UserName="everything")["User"]["UserId"] == user["UserId"]
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        iam.create_user(UserName="everything")
    iam.put_user_policy(UserName="everything", PolicyName="all", PolicyDocument=json.dumps(POLICY))
    assert iam.list_user_policies(UserName="everything")["PolicyNames"] == ["all"]
    assert iam.get_user_policy(UserName="everything", PolicyName="all")["PolicyDocument"] == POLICY
    key = iam.create_access_key(UserName="everything")["AccessKey"]
    assert key["Status"] == "Active" and key["AccessKeyId"].startswith("AKIA")
    iam.update_access_key(UserName="everything", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    listed = iam.list_access_keys(UserName="everything")["AccessKeyMetadata"]
    assert [(one["AccessKeyId"], one["Status"]) for one in listed] == [(key["AccessKeyId"], "Inactive")]
    with pytest.raises(iam.exceptions.DeleteConflictException):
        iam.delete_user(UserName="everything")
    iam.delete_access_key(UserName="everything", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="everything", PolicyName="all")
    iam.delete_user(UserName="everything")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_user(UserName="everything")


def test_users_are_listed_in_pages(server):
    iam = server.client("iam")
    names = [f"paged-{number}" for number in range(5)]
    for name in names:
        iam.create_user(UserName=name)
    pages = iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 2})
    found = [user["UserName"] for page in pages for user in page["Users"]]
    assert [name for name in found if name.startswith("paged-")] == names
    for name in names:
        iam.delete_user(UserName=name)


def test_malformed_policy_is_refused(server):
    iam = server.client("iam")
    iam.create_user(UserName="malformed")
    for document in ("{", '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]}'):
        with pytest.raises(iam.exceptions.MalformedPolicyDocumentException):
            iam.put_user_policy(UserName="malformed", PolicyName="p", PolicyDocument=document)
    iam.delete_user(UserName="malformed")
