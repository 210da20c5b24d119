"""Pools, clients, groups, resource servers and domains: every operation once, with the shapes that boto3 reads."""

import pytest


@pytest.fixture(scope="module")
def cognito(server):
    return server.client("cognito-idp")


@pytest.fixture(scope="module")
def pool(cognito):
    made = cognito.create_user_pool(
        PoolName="administration",
        Policies={"PasswordPolicy": {"MinimumLength": 12, "RequireSymbols": False}},
        AutoVerifiedAttributes=["email"],
    )
    return made["UserPool"]["Id"]


def pages(cognito, operation, key, **input):
    """Returns everything that a paged listing holds, page by page."""
    return [page[key] for page in cognito.get_paginator(operation).paginate(**input)]


def test_pool(server, cognito, pool):
    got = cognito.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert got["Arn"] == f"arn:aws:cognito-idp:us-east-1:{server.endpoints['account']}:userpool/{pool}"
    policy = got["Policies"]["PasswordPolicy"]
    assert (policy["MinimumLength"], policy["RequireSymbols"]) == (12, False)
    assert got["CreationDate"].year > 2000
    assert {"sub", "email"} <= {one["Name"] for one in got["SchemaAttributes"]}
    changed = {"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False}, "AutoVerifiedAttributes": ["email"]}
    cognito.update_user_pool(UserPoolId=pool, **changed)
    got = cognito.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert got["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is False
    cognito.add_custom_attributes(
        UserPoolId=pool, CustomAttributes=[{"Name": "tenant", "AttributeDataType": "String", "Mutable": True}]
    )
    got = cognito.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert "custom:tenant" in {one["Name"] for one in got["SchemaAttributes"]}
    with pytest.raises(cognito.exceptions.ResourceNotFoundException):
        cognito.describe_user_pool(UserPoolId="us-east-1_nosuchone")


def test_pools_are_listed_in_pages_and_deleted(cognito):
    made = {cognito.create_user_pool(PoolName=f"page-{number}")["UserPool"]["Id"] for number in range(5)}
    listed = pages(cognito, "list_user_pools", "UserPools", PaginationConfig={"PageSize": 2})
    assert all(len(page) <= 2 for page in listed)
    found = [one["Id"] for page in listed for one in page]
    assert made <= set(found) and len(found) == len(set(found))
    for one in made:
        cognito.delete_user_pool(UserPoolId=one)
    with pytest.raises(cognito.exceptions.ResourceNotFoundException):
        cognito.describe_user_pool(UserPoolId=made.pop())


def test_client(cognito, pool):
    made = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="one",
        GenerateSecret=True,
        AccessTokenValidity=10,
        TokenValidityUnits={"AccessToken": "minutes"},
    )["UserPoolClient"]
    named = {"UserPoolId": pool, "ClientId": made["ClientId"]}
    got = cognito.describe_user_pool_client(**named)["UserPoolClient"]
    assert got["ClientSecret"] == made["ClientSecret"] and got["AccessTokenValidity"] == 10
    changed = cognito.update_user_pool_client(**named, ClientName="two")["UserPoolClient"]
    assert changed["ClientName"] == "two" and changed["ClientSecret"] == made["ClientSecret"]
    more = [cognito.create_user_pool_client(UserPoolId=pool, ClientName=f"c{n}")["UserPoolClient"] for n in range(3)]
    listed = pages(cognito, "list_user_pool_clients", "UserPoolClients", UserPoolId=pool, PaginationConfig={"PageSize": 2})
    assert {one["ClientId"] for page in listed for one in page} == {one["ClientId"] for one in [made, *more]}
    for one in [made, *more]:
        cognito.delete_user_pool_client(UserPoolId=pool, ClientId=one["ClientId"])
    with pytest.raises(cognito.exceptions.ResourceNotFoundException):
        cognito.describe_user_pool_client(**named)


def test_client_with_a_validity_out_of_range_is_refused(cognito, pool):
    with pytest.raises(cognito.exceptions.InvalidParameterException):
        cognito.create_user_pool_client(
            UserPoolId=pool, ClientName="short", AccessTokenValidity=4, TokenValidityUnits={"AccessToken": "minutes"}
        )


def test_resource_server(cognito, pool):
    named = {"UserPoolId": pool, "Identifier": "things"}
    scopes = [{"ScopeName": "read", "ScopeDescription": "Read things"}]
    made = cognito.create_resource_server(**named, Name="Things", Scopes=scopes)["ResourceServer"]
    assert made["Scopes"] == scopes
    assert cognito.describe_resource_server(**named)["ResourceServer"]["Name"] == "Things"
    changed = cognito.update_resource_server(**named, Name="Objects", Scopes=scopes)["ResourceServer"]
    assert changed["Name"] == "Objects"
    listed = pages(cognito, "list_resource_servers", "ResourceServers", UserPoolId=pool, PaginationConfig={"PageSize": 1})
    assert [one["Identifier"] for page in listed for one in page] == ["things"]
    cognito.delete_resource_server(**named)
    with pytest.raises(cognito.exceptions.ResourceNotFoundException):
        cognito.describe_resource_server(**named)


def test_group_and_its_members(cognito, pool):
    named = {"UserPoolId": pool, "GroupName": "readers"}
    cognito.create_group(**named, Description="They read", Precedence=3)
    assert cognito.get_group(**named)["Group"]["Precedence"] == 3
    assert cognito.update_group(**named, Description="They still read")["Group"]["Description"] == "They still read"
    for number in range(3):
        member = {"UserPoolId": pool, "Username": f"member-{number}"}
        cognito.admin_create_user(**member, MessageAction="SUPPRESS")
        cognito.admin_add_user_to_group(**member, GroupName="readers")
    listed = pages(cognito, "list_users_in_group", "Users", **named, PaginationConfig={"PageSize": 2})
    assert [len(page) for page in listed if page] == [2, 1]
    member = {"UserPoolId": pool, "Username": "member-0"}
    groups = pages(cognito, "admin_list_groups_for_user", "Groups", **member)
    assert [one["GroupName"] for page in groups for one in page] == ["readers"]
    cognito.admin_remove_user_from_group(**member, GroupName="readers")
    assert sum(len(page) for page in pages(cognito, "list_users_in_group", "Users", **named)) == 2
    assert [one["GroupName"] for page in pages(cognito, "list_groups", "Groups", UserPoolId=pool) for one in page] == ["readers"]
    cognito.delete_group(**named)
    with pytest.raises(cognito.exceptions.ResourceNotFoundException):
        cognito.get_group(**named)


def test_domain(server, web, cognito, pool):
    cognito.create_user_pool_domain(UserPoolId=pool, Domain="administration")
    described = cognito.describe_user_pool_domain(Domain="administration")["DomainDescription"]
    assert (described["UserPoolId"], described["Status"]) == (pool, "ACTIVE")
    with pytest.raises(cognito.exceptions.InvalidParameterException):
        cognito.create_user_pool_domain(UserPoolId=pool, Domain="administration")
    cognito.delete_user_pool_domain(UserPoolId=pool, Domain="administration")
    assert cognito.describe_user_pool_domain(Domain="administration")["DomainDescription"] == {}


def test_unsupported_member_is_refused_by_name(cognito):
    with pytest.raises(cognito.exceptions.ClientError) as caught:
        cognito.create_user_pool(PoolName="unsupported", LambdaConfig={"PreSignUp": "arn:aws:lambda:us-east-1:1:function:f"})
    assert "LambdaConfig" in str(caught.value)
