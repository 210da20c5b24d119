"""Groups, managed policies and permissions boundaries of iam, by hand and from a template."""

import json

import pytest
from botocore.exceptions import ClientError

AWS = "arn:aws:iam::aws:policy"


def document(effect, action, resource="*"):
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def member(server):
    """A user with a key, whom the test may give what it likes; everything of him goes at the end."""
    iam = server.client("iam")
    iam.create_user(UserName="member", Path="/team/")
    key = iam.create_access_key(UserName="member")["AccessKey"]
    own = client(server, key, "iam")
    own.beside = lambda service: client(server, key, service)
    yield own
    for group in iam.list_groups_for_user(UserName="member")["Groups"]:
        iam.remove_user_from_group(GroupName=group["GroupName"], UserName="member")
    for policy in iam.list_attached_user_policies(UserName="member")["AttachedPolicies"]:
        iam.detach_user_policy(UserName="member", PolicyArn=policy["PolicyArn"])
    for name in iam.list_user_policies(UserName="member")["PolicyNames"]:
        iam.delete_user_policy(UserName="member", PolicyName=name)
    iam.delete_access_key(UserName="member", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="member")


def client(server, key, service):
    return server.client(service, key=key["AccessKeyId"], secret=key["SecretAccessKey"])


def may(call, **arguments):
    try:
        call(**arguments)
        return True
    except ClientError as error:
        assert error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException"), error
        return False


def test_groups_come_and_go(server, member):
    iam = server.client("iam")
    group = iam.create_group(GroupName="readers", Path="/team/")["Group"]
    account = server.endpoints["account"]
    assert group["Arn"] == f"arn:aws:iam::{account}:group/team/readers" and group["GroupId"].startswith("AGPA")
    assert not may(member.list_users)
    iam.put_group_policy(GroupName="readers", PolicyName="p", PolicyDocument=document("Allow", "iam:ListUsers"))
    iam.add_user_to_group(GroupName="readers", UserName="member")
    assert may(member.list_users)
    assert [one["UserName"] for one in iam.get_group(GroupName="readers")["Users"]] == ["member"]
    assert [one["GroupName"] for one in iam.list_groups_for_user(UserName="member")["Groups"]] == ["readers"]
    assert "readers" in [one["GroupName"] for one in iam.list_groups(PathPrefix="/team/")["Groups"]]
    assert iam.list_group_policies(GroupName="readers")["PolicyNames"] == ["p"]
    assert iam.get_group_policy(GroupName="readers", PolicyName="p")["PolicyDocument"] == json.loads(
        document("Allow", "iam:ListUsers")
    )
    iam.attach_group_policy(GroupName="readers", PolicyArn=f"{AWS}/IAMReadOnlyAccess")
    attached = iam.list_attached_group_policies(GroupName="readers")["AttachedPolicies"]
    assert attached == [{"PolicyName": "IAMReadOnlyAccess", "PolicyArn": f"{AWS}/IAMReadOnlyAccess"}]
    assert may(member.list_roles)
    with pytest.raises(iam.exceptions.DeleteConflictException):
        iam.delete_group(GroupName="readers")
    iam.remove_user_from_group(GroupName="readers", UserName="member")
    assert not may(member.list_users)
    iam.detach_group_policy(GroupName="readers", PolicyArn=f"{AWS}/IAMReadOnlyAccess")
    iam.delete_group_policy(GroupName="readers", PolicyName="p")
    iam.delete_group(GroupName="readers")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_group(GroupName="readers")


def test_managed_policies_and_their_versions(server, member):
    iam = server.client("iam")
    made = iam.create_policy(
        PolicyName="list", Description="lists", PolicyDocument=document("Allow", "iam:ListUsers")
    )["Policy"]
    arn = made["Arn"]
    assert made["DefaultVersionId"] == "v1" and made["AttachmentCount"] == 0
    iam.attach_user_policy(UserName="member", PolicyArn=arn)
    assert may(member.list_users)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    held = iam.list_entities_for_policy(PolicyArn=arn)
    assert [one["UserName"] for one in held["PolicyUsers"]] == ["member"] and held["PolicyRoles"] == []
    version = iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=document("Deny", "iam:ListUsers"), SetAsDefault=True
    )["PolicyVersion"]
    assert (version["VersionId"], version["IsDefaultVersion"]) == ("v2", True)
    assert not may(member.list_users)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    assert may(member.list_users)
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [(one["VersionId"], one["IsDefaultVersion"]) for one in versions] == [("v2", False), ("v1", True)]
    shown = iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]["Document"]
    assert shown["Statement"][0]["Effect"] == "Deny"
    assert arn in [one["Arn"] for one in iam.list_policies(Scope="Local")["Policies"]]
    with pytest.raises(iam.exceptions.DeleteConflictException):
        iam.delete_policy(PolicyArn=arn)
    with pytest.raises(iam.exceptions.DeleteConflictException):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    iam.detach_user_policy(UserName="member", PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_policy(PolicyArn=arn)
    administrator = iam.get_policy_version(PolicyArn=f"{AWS}/AdministratorAccess", VersionId="v1")
    assert administrator["PolicyVersion"]["Document"]["Statement"][0]["Action"] == "*"
    with pytest.raises(iam.exceptions.NoSuchEntityException) as refused:
        iam.attach_user_policy(UserName="member", PolicyArn=f"{AWS}/ReadOnlyAccess")
    assert "is not known here" in str(refused.value)
    with pytest.raises(ClientError) as refused:
        iam.list_policies(Scope="AWS")
    assert "only `Scope=Local` is supported" in str(refused.value)


def test_boundary_limits_what_policies_allow(server, member):
    iam = server.client("iam")
    edge = iam.create_policy(PolicyName="edge", PolicyDocument=document("Allow", "iam:List*"))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="member", PermissionsBoundary=edge)
    assert iam.get_user(UserName="member")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == edge
    assert not may(member.list_users)
    iam.attach_user_policy(UserName="member", PolicyArn=f"{AWS}/AdministratorAccess")
    assert may(member.list_users) and not may(member.get_user, UserName="member")
    assert not may(member.delete_user_permissions_boundary, UserName="member")
    iam.delete_user_permissions_boundary(UserName="member")
    assert may(member.get_user, UserName="member")
    trust = json.dumps({"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}})
    iam.create_role(RoleName="bounded", AssumeRolePolicyDocument=trust, PermissionsBoundary=edge)
    iam.attach_role_policy(RoleName="bounded", PolicyArn=f"{AWS}/AdministratorAccess")
    attached = iam.list_attached_role_policies(RoleName="bounded")["AttachedPolicies"]
    assert [one["PolicyName"] for one in attached] == ["AdministratorAccess"]
    with pytest.raises(iam.exceptions.DeleteConflictException):
        iam.delete_policy(PolicyArn=edge)
    iam.delete_role_permissions_boundary(RoleName="bounded")
    assert "PermissionsBoundary" not in iam.get_role(RoleName="bounded")["Role"]
    iam.put_role_permissions_boundary(RoleName="bounded", PermissionsBoundary=edge)
    iam.detach_role_policy(RoleName="bounded", PolicyArn=f"{AWS}/AdministratorAccess")
    iam.delete_role(RoleName="bounded")
    iam.delete_policy(PolicyArn=edge)


STACK = """
Parameters:
  Action: {Type: String, Default: "iam:ListUsers"}
Resources:
  Dev:
    Type: AWS::IAM::User
    Properties:
      Path: /team/
      Policies:
        - PolicyName: own
          PolicyDocument: {Version: 2012-10-17, Statement: {Effect: Allow, Action: "iam:GetUser", Resource: "*"}}
  Key:
    Type: AWS::IAM::AccessKey
    Properties: {UserName: !Ref Dev}
  Readers:
    Type: AWS::IAM::Group
    Properties:
      ManagedPolicyArns: [!Ref Shared]
  InReaders:
    Type: AWS::IAM::UserToGroupAddition
    Properties: {GroupName: !Ref Readers, Users: [!Ref Dev]}
  Shared:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: {Version: 2012-10-17, Statement: {Effect: Allow, Action: !Ref Action, Resource: "*"}}
  Inline:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: inline
      Users: [!Ref Dev]
      PolicyDocument: {Version: 2012-10-17, Statement: {Effect: Allow, Action: "iam:ListRoles", Resource: "*"}}
Outputs:
  User: {Value: !Ref Dev}
  UserArn: {Value: !GetAtt Dev.Arn}
  Key: {Value: !Ref Key}
  Secret: {Value: !GetAtt Key.SecretAccessKey}
  Policy: {Value: !Ref Shared}
  Group: {Value: !GetAtt Readers.Arn}
"""


def test_template_makes_users_groups_and_policies(server):
    cloudformation, iam = server.client("cloudformation"), server.client("iam")
    arguments = {"StackName": "people", "TemplateBody": STACK, "Capabilities": ["CAPABILITY_IAM"]}
    with pytest.raises(cloudformation.exceptions.InsufficientCapabilitiesException):
        cloudformation.create_stack(StackName="people", TemplateBody=STACK)
    cloudformation.create_stack(**arguments)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="people", WaiterConfig={"Delay": 1})
    outputs = cloudformation.describe_stacks(StackName="people")["Stacks"][0]["Outputs"]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in outputs}
    assert outputs["UserArn"].endswith(f":user/team/{outputs['User']}")
    dev = client(server, {"AccessKeyId": outputs["Key"], "SecretAccessKey": outputs["Secret"]}, "iam")
    assert dev.get_user()["User"]["UserName"] == outputs["User"]
    assert may(dev.list_users) and may(dev.list_roles) and not may(dev.list_groups)
    parameters = [{"ParameterKey": "Action", "ParameterValue": "iam:ListGroups"}]
    cloudformation.update_stack(
        StackName="people",
        UsePreviousTemplate=True,
        Parameters=parameters,
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_update_complete").wait(StackName="people", WaiterConfig={"Delay": 1})
    assert may(dev.list_groups) and not may(dev.list_users)
    assert iam.get_policy(PolicyArn=outputs["Policy"])["Policy"]["DefaultVersionId"] == "v2"
    cloudformation.delete_stack(StackName="people")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="people", WaiterConfig={"Delay": 1})
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_user(UserName=outputs["User"])
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_policy(PolicyArn=outputs["Policy"])


def test_who_makes_a_stack_with_policies_needs_the_rights_himself(server, member):
    iam, cloudformation = server.client("iam"), server.client("cloudformation")
    stacks = member.beside("cloudformation")
    few = document("Allow", ["cloudformation:*", "iam:CreateUser", "iam:CreateAccessKey"])
    iam.put_user_policy(UserName="member", PolicyName="p", PolicyDocument=few)
    arguments = {"StackName": "mine", "TemplateBody": STACK, "Capabilities": ["CAPABILITY_NAMED_IAM"]}
    with pytest.raises(ClientError) as refused:
        stacks.create_stack(**arguments)
    assert "not authorized to perform: iam:PutUserPolicy" in str(refused.value)
    # Nor may he take away by a stack what he may not take away by hand.
    cloudformation.create_stack(**arguments)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="mine", WaiterConfig={"Delay": 1})
    for change in (
        lambda: stacks.delete_stack(StackName="mine"),
        lambda: stacks.update_stack(
            StackName="mine", TemplateBody="Resources: {Pool: {Type: 'AWS::Cognito::UserPool'}}"
        ),
    ):
        with pytest.raises(ClientError) as refused:
            change()
        assert "not authorized to perform: iam:" in str(refused.value)
    cloudformation.delete_stack(StackName="mine")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="mine", WaiterConfig={"Delay": 1})
