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


TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def test_roles_and_their_policies_come_and_go(server):
    iam = server.client("iam")
    role = iam.create_role(
        RoleName="worker",
        Path="/team/",
        AssumeRolePolicyDocument=json.dumps(TRUST),
        Description="100% sure",
        Tags=[{"Key": "a", "Value": "b"}],
    )["Role"]
    account = server.endpoints["account"]
    assert role["Arn"] == f"arn:aws:iam::{account}:role/team/worker" and role["RoleId"].startswith("AROA")
    found = iam.get_role(RoleName="worker")["Role"]
    assert found["AssumeRolePolicyDocument"] == TRUST and found["MaxSessionDuration"] == 3600
    assert found["Tags"] == [{"Key": "a", "Value": "b"}] and found["Description"] == "100% sure"
    with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName="Worker", AssumeRolePolicyDocument=json.dumps(TRUST))
    assert "worker" in [one["RoleName"] for one in iam.list_roles(PathPrefix="/team/")["Roles"]]
    iam.put_role_policy(RoleName="worker", PolicyName="all", PolicyDocument=json.dumps(POLICY))
    assert iam.list_role_policies(RoleName="worker")["PolicyNames"] == ["all"]
    assert iam.get_role_policy(RoleName="worker", PolicyName="all")["PolicyDocument"] == POLICY
    other = json.loads(json.dumps(TRUST).replace("apigateway", "events"))
    iam.update_assume_role_policy(RoleName="worker", PolicyDocument=json.dumps(other))
    assert iam.get_role(RoleName="worker")["Role"]["AssumeRolePolicyDocument"] == other
    with pytest.raises(iam.exceptions.DeleteConflictException):
        iam.delete_role(RoleName="worker")
    iam.delete_role_policy(RoleName="worker", PolicyName="all")
    iam.delete_role(RoleName="worker")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName="worker")


@pytest.mark.parametrize(
    "trust",
    [
        "{",
        json.dumps(POLICY),
        json.dumps(TRUST).replace('"Action"', '"Resource": "*", "Action"'),
    ],
)
def test_malformed_trust_is_refused(server, trust):
    iam = server.client("iam")
    with pytest.raises(iam.exceptions.MalformedPolicyDocumentException):
        iam.create_role(RoleName="malformed", AssumeRolePolicyDocument=trust)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName="malformed")


STACK = """
Parameters:
  Action: {Type: String, Default: "sqs:*"}
  Name: {Type: String, Default: ""}
Resources:
  Worker:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
          - {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}
      ManagedPolicyArns: [arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]
      Policies:
        - PolicyName: p
          PolicyDocument:
            Version: 2012-10-17
            Statement: [{Effect: Allow, Action: !Ref Action, Resource: "*"}]
Outputs:
  Name: {Value: !Ref Worker}
  Arn: {Value: !GetAtt Worker.Arn}
  Id: {Value: !GetAtt Worker.RoleId}
"""


def test_role_of_a_template_is_made_changed_and_deleted(server):
    cloudformation, iam = server.client("cloudformation"), server.client("iam")
    cloudformation.create_stack(StackName="roles", TemplateBody=STACK, Capabilities=["CAPABILITY_IAM"])
    cloudformation.get_waiter("stack_create_complete").wait(StackName="roles", WaiterConfig={"Delay": 1})
    outputs = cloudformation.describe_stacks(StackName="roles")["Stacks"][0]["Outputs"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in outputs}
    role = iam.get_role(RoleName=outputs["Name"])["Role"]
    assert (role["Arn"], role["RoleId"]) == (outputs["Arn"], outputs["Id"])
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="by-hand", PolicyDocument=json.dumps(POLICY))
    parameters = [{"ParameterKey": "Action", "ParameterValue": "sns:Publish"}]
    cloudformation.update_stack(
        StackName="roles",
        UsePreviousTemplate=True,
        Parameters=parameters,
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_update_complete").wait(StackName="roles", WaiterConfig={"Delay": 1})
    document = iam.get_role_policy(RoleName=role["RoleName"], PolicyName="p")["PolicyDocument"]
    assert document["Statement"][0]["Action"] == "sns:Publish"
    assert iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"] == ["by-hand", "p"]
    cloudformation.delete_stack(StackName="roles")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="roles", WaiterConfig={"Delay": 1})
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName=role["RoleName"])
    with pytest.raises(cloudformation.exceptions.InsufficientCapabilitiesException):
        cloudformation.create_stack(StackName="unacknowledged", TemplateBody=STACK)
    # Of AWS's own policies only those count whose content is known here.
    broken = STACK.replace("service-role/AWSLambdaBasicExecutionRole", "ReadOnlyAccess")
    with pytest.raises(cloudformation.exceptions.ClientError) as refused:
        cloudformation.create_stack(
            StackName="reader", TemplateBody=broken, Capabilities=["CAPABILITY_IAM"]
        )
    assert "the content of this policy of AWS's is not known here" in str(refused.value)
